package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// replica returns a replica of the webhook with a changed policy or project.
func replica(change func(*config.ClusterPolicy, *v1alpha1.ProjectSpec)) (*Mutator, *Validator) {
	m := mutator()
	m.Reviewer.Cluster = config.Default()
	project := &v1alpha1.Project{}
	project.Name, project.Spec.NodeAffinity.Train = "team-a", []string{"dgx"}
	m.Namespaces = oneProject{project}
	change(m.Reviewer.Cluster, &project.Spec)
	return m, &Validator{m.Lookups, m.Reviewer}
}

// In the middle of a roll-out, one replica mutates and the other validates. Both ways, a creation is admitted,
// or the client is told to try again if the second would admit no such job.
func TestRollOut(t *testing.T) {
	for _, change := range []struct {
		name   string
		change func(*config.ClusterPolicy, *v1alpha1.ProjectSpec)
		breaks bool // what a policy guarantees
	}{
		{"the image of git-sync", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.GitSync.Image = "example/git-sync:v5" }, false},
		{"the target of git-sync", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.GitSync.DefaultTarget = "/source" }, false},
		{"the scheduler", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.Scheduling.SchedulerName = "another" }, false},
		{"the port of sshd", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.SSH.Port = 2345 }, false},
		{"the start gate", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.Start.Gate = false }, false},
		{"the timeout of the start gate", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.Start.Timeout.Duration = time.Hour }, false},
		{"the size of /dev/shm", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.LargeShm.MaxSize = 64 << 30 }, false},
		{"the name of GPUs", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.GPU.ResourceName = "amd.com/gpu" }, false},
		{"an equal policy of another version", func(*config.ClusterPolicy, *v1alpha1.ProjectSpec) {}, false},
		{"more node types", func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.NodeAffinity.Train = []string{"dgx", "t4"} }, true},
		{"other node types", func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.NodeAffinity.Train = []string{"t4"} }, true},
		{"the queue label", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) {
			c.Scheduling.QueueLabel = "kueue.x-k8s.io/queue-name"
		}, true},
		{"the queue", func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.Queue = "another" }, true},
		{"the smallest uid", func(c *config.ClusterPolicy, _ *v1alpha1.ProjectSpec) { c.Identity.MinUID = 2000000 }, true},
		{"no identities", func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityDisabled }, true},
		{"the date until which a project is warn-only", func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.WarnOnlyUntil = "2999-12-31" }, false},
		{"a date that has passed", func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.WarnOnlyUntil = "2020-02-29" }, false},
	} {
		old := func(*config.ClusterPolicy, *v1alpha1.ProjectSpec) {}
		for direction, both := range map[string][2]func(*config.ClusterPolicy, *v1alpha1.ProjectSpec){
			"forth": {old, change.change}, "back": {change.change, old},
		} {
			t.Run(change.name+", "+direction, func(t *testing.T) {
				mutates, _ := replica(both[0])
				again, validates := replica(both[1])
				validates.Reviewer.Version = "(other)"
				raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Annotation(annotations.RunAsUserKey, "true").
					Annotation(annotations.GPUKey, "2").Annotation(annotations.LargeShmKey, "true").
					Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").Obj())
				response := mutates.Handle(t.Context(), byAlice(raw))
				if !response.Allowed {
					isInvalid(t, response)
					return
				}
				final := applied(t, raw, response)
				if response = validates.Handle(t.Context(), byAlice(final)); !response.Allowed {
					isTriedAgain(t, response)
					if !change.breaks {
						t.Errorf("refused: %s", response.Result.Message)
					}
				}
				// The API server calls mutating webhooks again after another one has changed the job.
				if response = again.Handle(t.Context(), byAlice(final)); response.Allowed {
					_, own := replica(both[1])
					if response = own.Handle(t.Context(), byAlice(applied(t, final, response))); !response.Allowed {
						t.Errorf("refused after it was built again: %s", response.Result.Message)
					}
				} else {
					isInvalid(t, response)
				}
			})
		}
	}
}

func isInvalid(t *testing.T, response admission.Response) {
	t.Helper()
	if response.Result.Code != http.StatusUnprocessableEntity {
		t.Errorf("got %+v", response.Result)
	}
}

// isTriedAgain asserts that neither kubectl nor client-go gives up.
func isTriedAgain(t *testing.T, response admission.Response) {
	t.Helper()
	result := response.Result
	if result.Code != http.StatusServiceUnavailable || result.Details == nil || result.Details.RetryAfterSeconds != 1 || !strings.Contains(result.Message, "try again") {
		t.Errorf("got %+v", result)
	}
}

// A digest that somebody else wrote weakens no guarantee.
func TestForgedDigest(t *testing.T) {
	mutates, validates := replica(func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityRequired })
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Obj())
	final := string(applied(t, raw, mutates.Handle(t.Context(), byAlice(raw))))
	forge := strings.NewReplacer("start-gate (test) ", "start-gate (test) 0")
	if forge.Replace(final) == final {
		t.Fatal(final)
	}
	for _, test := range []struct{ name, replace, by string }{
		{"another uid", `"runAsUser":1234567`, `"runAsUser":1001`},
		{"no uid", `"runAsUser":1234567,`, ``},
		{"no groups policy", `,"supplementalGroupsPolicy":"Strict"`, ``},
		{"a container's uid", `"allowPrivilegeEscalation":false`, `"allowPrivilegeEscalation":false,"runAsUser":0`},
		{"escalation", `"allowPrivilegeEscalation":false`, `"allowPrivilegeEscalation":true`},
		{"a capability", `"NET_BIND_SERVICE"`, `"NET_BIND_SERVICE","SETUID"`},
		{"another stamp", `\"username\":\"saml:alice\"`, `\"username\":\"saml:bob\"`},
		{"no affinity", `"affinity":`, `"affinities":`},
		{"other node types", `"dgx"`, `"t4"`},
		{"another queue", `"kai.scheduler/queue":"team-a"`, `"kai.scheduler/queue":"team-b"`},
		{"no queue", `"kai.scheduler/queue":"team-a"`, `"kai.scheduler/cue":"team-a"`},
		{"a node", `"affinity":`, `"nodeName":"node-1","affinity":`},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(forge.Replace(final), test.replace, test.by, 1)
			if changed == forge.Replace(final) {
				t.Fatalf("the job has no %s: %s", test.replace, final)
			}
			if response := validates.Handle(t.Context(), byAlice([]byte(changed))); response.Allowed {
				t.Error("allowed")
			} else {
				isTriedAgain(t, response)
			}
		})
	}
	if response := validates.Handle(t.Context(), byAlice([]byte(forge.Replace(final)))); !response.Allowed {
		t.Errorf("refused without a change: %s", response.Result.Message)
	}
}
