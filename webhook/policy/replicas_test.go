package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

type rollOut struct {
	name    string
	cluster func(*config.ClusterPolicy)
	project func(*v1alpha1.ProjectSpec)
	// breaks is set if a job that one of the replicas admits breaks what the other must guarantee.
	breaks bool
	// confines is set if one of the replicas confines the job and the other does not. What confined it stays:
	// its author may have written it.
	confines bool
}

// rollOuts are changes of a cluster policy or a project, in the middle of which two replicas differ.
var rollOuts = []rollOut{
	{name: "the image of git-sync", cluster: func(c *config.ClusterPolicy) { c.GitSync.Image = "example/git-sync:v4.9.9" }},
	{name: "the timeout of git-sync", cluster: func(c *config.ClusterPolicy) { c.GitSync.Timeout.Duration = time.Hour }},
	{name: "the target of git-sync", cluster: func(c *config.ClusterPolicy) { c.GitSync.DefaultTarget = "/source" }},
	{name: "the scheduler", cluster: func(c *config.ClusterPolicy) { c.Scheduling.SchedulerName = "another" }},
	{name: "the queue label", cluster: func(c *config.ClusterPolicy) { c.Scheduling.QueueLabel = "kueue.x-k8s.io/queue-name" }, breaks: true},
	{name: "no queue label", cluster: func(c *config.ClusterPolicy) { c.Scheduling.QueueLabel = "" }, breaks: true},
	{name: "the node type label", cluster: func(c *config.ClusterPolicy) { c.NodeTypeLabel = "example.com/node-type" }, breaks: true},
	{name: "the name of GPUs", cluster: func(c *config.ClusterPolicy) { c.GPU.ResourceName = "amd.com/gpu" }},
	{name: "fractions", cluster: func(c *config.ClusterPolicy) {
		c.GPU.Fractions = map[config.FractionBackend]config.FractionBackend{config.FractionsNone: config.FractionsKAI, config.FractionsKAI: config.FractionsNone}[c.GPU.Fractions]
		if c.Scheduling.SchedulerName == "" {
			c.Scheduling.SchedulerName = "kai-scheduler"
		}
	}},
	{name: "the port of sshd", cluster: func(c *config.ClusterPolicy) { c.SSH.Port = 2345 }},
	{name: "the start gate", cluster: func(c *config.ClusterPolicy) { c.Start.Gate = !c.Start.Gate }},
	{name: "the timeout of the start gate", cluster: func(c *config.ClusterPolicy) { c.Start.Timeout.Duration = time.Hour }},
	{name: "the size of /dev/shm", cluster: func(c *config.ClusterPolicy) { c.LargeShm.MaxSize = 64 << 30 }},
	{name: "the groups policy", cluster: func(c *config.ClusterPolicy) {
		c.Identity.SupplementalGroupsPolicy = map[config.SupplementalGroupsPolicy]config.SupplementalGroupsPolicy{
			config.GroupsStrict: config.GroupsOff, config.GroupsOff: config.GroupsStrict}[c.Identity.SupplementalGroupsPolicy]
	}, breaks: true},
	{name: "the smallest uid", cluster: func(c *config.ClusterPolicy) { c.Identity.MinUID = 2000000 }},
	{name: "the restrictions", cluster: func(c *config.ClusterPolicy) {
		c.Restrictions = v1alpha1.Restrictions{HostPath: v1alpha1.Deny, HostNetwork: v1alpha1.Deny, HostIPC: v1alpha1.Deny}
	}},
	{name: "more node types", project: func(p *v1alpha1.ProjectSpec) {
		p.NodeAffinity.Train, p.NodeAffinity.Interactive = append(slices.Clone(p.NodeAffinity.Train), "more"), append(slices.Clone(p.NodeAffinity.Interactive), "more")
	}, breaks: true},
	{name: "other node types", project: func(p *v1alpha1.ProjectSpec) {
		p.NodeAffinity.Train, p.NodeAffinity.Interactive = []string{"other"}, []string{"other"}
	}, breaks: true},
	{name: "the nodes of the launcher", project: func(p *v1alpha1.ProjectSpec) {
		p.NodeAffinity.Launcher = map[v1alpha1.LauncherNodes]v1alpha1.LauncherNodes{"": v1alpha1.LauncherAny, v1alpha1.LauncherAny: v1alpha1.LauncherListed}[p.NodeAffinity.Launcher]
	}, breaks: true},
	{name: "no node types", project: func(p *v1alpha1.ProjectSpec) { p.NodeAffinity = v1alpha1.NodeAffinity{} }, breaks: true},
	{name: "the queue", project: func(p *v1alpha1.ProjectSpec) { p.Queue = "another" }, breaks: true},
	{name: "a required identity", project: func(p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityRequired }, breaks: true, confines: true},
	{name: "an optional identity", project: func(p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityOptional }, breaks: true, confines: true},
	{name: "no identity", project: func(p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityDisabled }, breaks: true, confines: true},
}

// forEachRollOut calls a test with both directions of each roll-out, for each submission: the replica that
// has mutated it and the one that validates it.
func forEachRollOut(t *testing.T, test func(t *testing.T, r rollOut, first, second submission)) {
	t.Helper()
	for _, s := range loadSubmissions(t) {
		for _, change := range rollOuts {
			other := s
			if change.cluster != nil {
				other.cluster = clusterOf(t, s.Case)
				change.cluster(other.cluster)
			}
			if change.project != nil {
				other.project = s.project.DeepCopy()
				change.project(&other.project.Spec)
			}
			at := change
			at.name = s.Name + ", " + change.name
			test(t, at, s, other)
			at.name += " taken back"
			test(t, at, other, s)
		}
	}
}

// create returns an admitted job, or nil.
func (s submission) create(from *v2beta1.MPIJob) *v2beta1.MPIJob {
	job := from.DeepCopy()
	if _, errs := s.reviewer().Create(job, s.request()); len(errs) > 0 {
		return nil
	}
	return job
}

// A creation that two replicas review is refused only if the second would not have admitted it, and never as
// invalid.
func TestReplicasThatDiffer(t *testing.T) {
	t.Parallel()
	confirmed, refused := 0, 0
	forEachRollOut(t, func(t *testing.T, r rollOut, first, second submission) {
		job := first.create(first.job)
		if job == nil {
			return
		}
		alone := second.create(second.job)
		foreign, errs := second.reviewer().Confirm(job, second.request())
		switch {
		case len(errs) == 0:
			confirmed++
		case !foreign:
			t.Errorf("%s: refused as invalid: %s", r.name, errs.ToAggregate())
		case alone != nil && !r.breaks:
			t.Errorf("%s: the second replica admits the job, but not after the first: %s", r.name, errs.ToAggregate())
		default:
			refused++
		}
	})
	if confirmed < 1000 || refused < 20 {
		t.Errorf("only %d confirmed, %d refused", confirmed, refused)
	}
	t.Logf("%d confirmed, %d refused", confirmed, refused)
}

// moves lists the submissions in which the author wrote what a policy also writes: when it is written again, it
// may be in another place of a list, or at a limit and not at a request.
var moves = map[string]bool{
	"gpu-equal-is-accepted": true, "identity-equal-is-accepted": true, "identity-mount-of-ours-is-corrected": true, "kai-fraction-in-manifest": true,
}

// A job that another replica has admitted becomes what it would have become at once.
func TestAdmittedAgain(t *testing.T) {
	t.Parallel()
	tried := 0
	forEachRollOut(t, func(t *testing.T, r rollOut, first, second submission) {
		job, want := first.create(first.job), second.create(second.job)
		if job == nil || want == nil {
			return
		}
		tried++
		got := job.DeepCopy()
		if _, errs := second.reviewer().Create(got, second.request()); len(errs) > 0 {
			t.Errorf("%s: %s", r.name, errs.ToAggregate())
			return
		}
		if diff := difference(want, got); diff != "" && !r.confines && !moves[first.Name] {
			t.Errorf("%s: (-at once +again):\n%s", r.name, diff)
		}
	})
	if tried < 1000 {
		t.Errorf("only %d were tried", tried)
	}
}

// Applying the manifest of a stored job again changes nothing, whatever the policy is today.
func TestManifestAppliedAgain(t *testing.T) {
	t.Parallel()
	tried := 0
	forEachRollOut(t, func(t *testing.T, r rollOut, first, second submission) {
		stored := first.create(first.job)
		if stored == nil {
			return
		}
		tried++
		for how, updated := range map[string]*v2beta1.MPIJob{"replaced": first.job, "applied": merged(t, stored, first.job)} {
			got := updated.DeepCopy()
			switch verdict := second.reviewer().ClassifyUpdate(stored, updated); verdict.Class {
			case review.Reapplies:
				got = restored(t, second.reviewer(), stored, updated)
			case review.Refused:
				t.Errorf("%s, %s: %+v", r.name, how, verdict)
				continue
			}
			if diff := difference(stored, got); diff != "" {
				t.Errorf("%s, %s: (-stored +now):\n%s", r.name, how, diff)
			}
		}
	})
	if tried < 1000 {
		t.Errorf("only %d were tried", tried)
	}
}

// difference is fast for equal jobs.
func difference(want, got *v2beta1.MPIJob) string {
	if equality.Semantic.DeepEqual(want, got) {
		return ""
	}
	byPath := func(a, b corev1.VolumeMount) bool { return a.MountPath < b.MountPath } // their order has no meaning
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(byPath))
}

// merged returns what `kubectl apply` makes of a stored job and its manifest: a merge patch.
func merged(t *testing.T, stored, manifest *v2beta1.MPIJob) *v2beta1.MPIJob {
	t.Helper()
	lean, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	full, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jsonpatch.MergePatch(full, lean)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, text)
}

func restored(t *testing.T, reviewer review.Reviewer, stored, updated *v2beta1.MPIJob) *v2beta1.MPIJob {
	t.Helper()
	before, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	after, err := json.Marshal(updated)
	if err != nil {
		t.Fatal(err)
	}
	operations, err := reviewer.Restore(stored, before, after)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(operations)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		t.Fatal(err)
	}
	result, err := patch.Apply(after)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, result)
}

func decoded(t *testing.T, text []byte) *v2beta1.MPIJob {
	t.Helper()
	job := &v2beta1.MPIJob{}
	if err := json.Unmarshal(text, job); err != nil {
		t.Fatal(err)
	}
	return job
}

// edits are what an author changes in an exported job.
var edits = map[string]func(*v2beta1.MPIJob){
	"a generated name": func(job *v2beta1.MPIJob) { job.Name, job.GenerateName = "", "exported-" },
	"other replicas": func(job *v2beta1.MPIJob) {
		if worker := job.Spec.MPIReplicaSpecs[mpijob.Worker]; worker != nil {
			worker.Replicas = new(int32(3))
		}
	},
	"another image": func(job *v2beta1.MPIJob) {
		forEachMain(job, func(main *corev1.Container) { main.Image = "example/edited" })
	},
	"another security context": func(job *v2beta1.MPIJob) {
		forEachMain(job, func(main *corev1.Container) {
			if main.SecurityContext == nil {
				main.SecurityContext = &corev1.SecurityContext{}
			}
			main.SecurityContext.ReadOnlyRootFilesystem = new(true)
		})
	},
	"other resources": func(job *v2beta1.MPIJob) {
		forEachMain(job, func(main *corev1.Container) {
			main.Resources.Limits = maps.Clone(main.Resources.Limits)
			if main.Resources.Limits == nil {
				main.Resources.Limits = corev1.ResourceList{}
			}
			main.Resources.Limits[corev1.ResourceCPU] = resource.MustParse("7")
		})
	},
}

func forEachMain(job *v2beta1.MPIJob, edit func(*corev1.Container)) {
	for _, template := range mpijob.Templates(job) {
		if main := template.Main(); main != nil {
			edit(main)
		}
	}
}

// An exported and edited job is admitted again under another name.
func TestExportedJob(t *testing.T) {
	for _, a := range loadAdmissions(t) {
		if a.final.Labels["kueue.x-k8s.io/multikueue-origin"] != "" {
			continue // a copy keeps the stamp of the cluster in which it was submitted
		}
		for name, edit := range edits {
			t.Run(a.Name+" with "+name, func(t *testing.T) {
				lean, exported := a.job.DeepCopy(), a.final.DeepCopy()
				for _, job := range []*v2beta1.MPIJob{lean, exported} {
					job.Name = "exported"
					edit(job)
				}
				want, got := a.create(lean), a.create(exported)
				if want == nil || got == nil {
					t.Fatalf("refused: lean %t, exported %t", want == nil, got == nil)
				}
				if diff := difference(want, got); diff != "" && !moves[a.Name] {
					t.Errorf("(-lean +exported):\n%s", diff)
				}
			})
		}
	}
}
