package server

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/flood"
)

// dayFromNow returns a date that many days from today.
func dayFromNow(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }

func warnedUntil(date string, change ...func(*v1alpha1.ProjectSpec)) (*Mutator, *Validator) {
	return replica(func(_ *config.ClusterPolicy, p *v1alpha1.ProjectSpec) {
		p.WarnOnlyUntil = date
		for _, change := range change {
			change(p)
		}
	})
}

func required(p *v1alpha1.ProjectSpec) { p.Identity = v1alpha1.IdentityRequired }

// isUnchanged asserts that a request is stored as it came, and returns the warnings.
func isUnchanged(t *testing.T, m *Mutator, v *Validator, request admission.Request) []string {
	t.Helper()
	response := m.Handle(t.Context(), request)
	if !response.Allowed || len(response.Patch) > 0 || len(response.Patches) > 0 || len(response.Warnings) > 0 {
		t.Errorf("the mutating webhook: %+v", response)
	}
	response = v.Handle(t.Context(), request)
	if !response.Allowed {
		t.Errorf("refused: %+v", response.Result)
	}
	return response.Warnings
}

func updateOf(stored, updated []byte) admission.Request {
	request := byAlice(updated)
	request.Operation, request.OldObject.Raw = admissionv1.Update, stored
	return request
}

func countedAs(outcome string) float64 {
	return testutil.ToFloat64(warnedOnlyTotal.WithLabelValues(namespace, outcome))
}

func TestWarnedOnlySaysWhatWouldHappen(t *testing.T) {
	today := dayFromNow(0)
	plain := mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Obj()
	other := plain.DeepCopy()
	other.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers[0].Image = "example/other"
	wrong := bytes.Replace(marshal(t, plain), []byte(`"replicas":2`), []byte(`"replicas":"two"`), 1)
	first := "project team-a is warn-only until " + today + ": the job is stored as it is"
	after := "after " + today + " it would be "
	for _, test := range []struct {
		name    string
		request admission.Request
		change  func(*v1alpha1.ProjectSpec)
		want    []string
		outcome string
	}{
		{"a job", byAlice(marshal(t, plain)), nil,
			[]string{first, after + "changed by these policies: scheduling, node-affinity, ssh, launcher-env, start-gate"}, "would_change"},
		{"causes", byAlice(marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Label("kai.scheduler/queue", "mine").Workers(0).Obj())), nil,
			[]string{
				first,
				after + `refused: metadata.labels[kai.scheduler/queue]: Invalid value: "mine": conflicts with project team-a, whose queue is "team-a": ` +
					`remove this field or set it to "team-a"`,
				after + "refused: spec.mpiReplicaSpecs[Worker].replicas: Invalid value: 0: must be at least 1",
			}, "would_refuse"},
		{"a job that cannot be decoded", byAlice(wrong), nil,
			[]string{first, after + `refused: spec.mpiReplicaSpecs[Worker].replicas: Invalid value: "\"two\"": must be a whole number, without quotes`}, "would_refuse"},
		{"nobody's identity", creation(marshal(t, plain)), required,
			[]string{
				first + ", and can run with any uid and gid",
				after + "refused: metadata.annotations[run.ai/run-as-user]: Forbidden: the cluster has no UID and GID for : " +
					"ask your administrator to add run.ai/uid and run.ai/gid to your login",
			}, "would_refuse"},
		{"an update", updateOf(marshal(t, plain), marshal(t, other)), nil,
			[]string{first, after + "refused: spec: Forbidden: what a job runs cannot be changed after submission (spec.mpiReplicaSpecs[Worker]): " +
				"delete the job and submit it again"}, "would_refuse"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, v := warnedUntil(today, func(p *v1alpha1.ProjectSpec) {
				if test.change != nil {
					test.change(p)
				}
			})
			before := countedAs(test.outcome)
			if diff := cmp.Diff(test.want, isUnchanged(t, m, v, test.request)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if counted := countedAs(test.outcome) - before; counted != 1 {
				t.Errorf("counted %v times", counted)
			}
			if audit := v.Handle(t.Context(), test.request).AuditAnnotations["warned-only"]; audit != test.outcome {
				t.Errorf("audit annotation %q", audit)
			}
		})
	}
}

// Nobody is refused because something cannot be looked up that only a judgement needs.
func TestWarnedOnlyWithoutLookUps(t *testing.T) {
	m, _ := warnedUntil("2999-12-31")
	m.Directory, m.Schema = brokenDirectory{}, brokenSchema{}
	warnings := isUnchanged(t, m, &Validator{m.Lookups, m.Reviewer}, byAlice(marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Obj())))
	if len(warnings) != 2 || !strings.HasSuffix(warnings[1], "it would be refused: no cache") {
		t.Errorf("got %q", warnings)
	}
}

// A job that asks for the webhook is judged as anywhere else.
func TestWarnedOnlyJudgesWhatAsks(t *testing.T) {
	m, v := warnedUntil("2999-12-31", required)
	for name, job := range map[string]mpijobtest.Builder{
		"an intent": mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.LargeShmKey, "true"),
		"the gate":  mpijobtest.MakeMPIJob("dist1", namespace).Gate(annotations.AdmissionGate),
		"a stamp":   mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.SubmittedByKey, `{"username":"root"}`),
	} {
		raw := marshal(t, job.Obj())
		final := applied(t, raw, m.Handle(t.Context(), byAlice(raw)))
		if !strings.Contains(string(final), `"runAsUser":1234567`) || !strings.Contains(string(final), `saml:alice`) {
			t.Errorf("%s: has no identity: %s", name, final)
		}
		if response := v.Handle(t.Context(), byAlice(final)); !response.Allowed || len(response.Warnings) > 0 {
			t.Errorf("%s: %+v", name, response)
		}
		forged := bytes.Replace(final, []byte(`"runAsUser":1234567`), []byte(`"runAsUser":1001`), 1)
		if response := v.Handle(t.Context(), byAlice(forged)); response.Allowed {
			t.Errorf("%s: another uid is allowed", name)
		}
		// Updates cannot take the identity away, nor the stamp.
		for _, change := range [][2]string{
			{`"runAsUser":1234567`, `"runAsUser":1001`}, {annotations.Prefix, "example.com/"}, {`"image":"example/mpi"`, `"image":"example/other"`},
		} {
			updated := []byte(strings.ReplaceAll(string(final), change[0], change[1]))
			if bytes.Equal(updated, final) {
				t.Fatalf("%s: no %s in %s", name, change[0], final)
			}
			for handler, response := range map[string]admission.Response{
				"mutating": m.Handle(t.Context(), updateOf(final, updated)), "validating": v.Handle(t.Context(), updateOf(final, updated)),
			} {
				if response.Allowed && len(response.Patch) == 0 {
					t.Errorf("%s: %s: %s becomes %s", name, handler, change[0], change[1])
				}
			}
		}
	}
	plain := mpijobtest.MakeMPIJob("dist1", namespace).Obj()
	stamped := plain.DeepCopy()
	stamped.Spec.MPIReplicaSpecs["Worker"].Template.Annotations = map[string]string{annotations.SubmittedByKey: `{"username":"root"}`}
	asked := plain.DeepCopy()
	asked.Annotations = map[string]string{annotations.SubmittedByKey: `{"username":"root"}`}
	for name, request := range map[string]admission.Request{
		"a stamp on a pod":                      byAlice(marshal(t, stamped)),
		"an update that writes a stamp on pods": updateOf(marshal(t, plain), marshal(t, stamped)),
		"an update that writes a stamp":         updateOf(marshal(t, plain), marshal(t, asked)),
	} {
		isInvalid(t, m.Handle(t.Context(), request))
		isInvalid(t, v.Handle(t.Context(), request))
		t.Log(name)
	}
}

// After the last day every replica judges. In between, one replica's clock or cache may be behind.
func TestWarnedOnlyEnds(t *testing.T) {
	during, confirmsDuring := warnedUntil(dayFromNow(0))
	after, confirmsAfter := warnedUntil(dayFromNow(-1))
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Obj())
	final := applied(t, raw, after.Handle(t.Context(), byAlice(raw)))
	if bytes.Equal(final, raw) {
		t.Fatal("the job was not changed")
	}
	for name, v := range map[string]*Validator{"a replica that is behind": confirmsDuring, "another": confirmsAfter} {
		if response := v.Handle(t.Context(), byAlice(final)); !response.Allowed || len(response.Warnings) > 0 {
			t.Errorf("%s: %+v", name, response)
		}
	}
	isUnchanged(t, during, confirmsDuring, byAlice(raw))
	isTriedAgain(t, confirmsAfter.Handle(t.Context(), byAlice(raw)))
	bad := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(0).Obj())
	isInvalid(t, confirmsAfter.Handle(t.Context(), byAlice(bad)))

	// A job from before can only be steered.
	steered := bytes.Replace(raw, []byte(`"replicas":2`), []byte(`"replicas":3`), 1)
	changed := bytes.Replace(raw, []byte(`"image":"example/mpi"`), []byte(`"image":"example/other"`), 1)
	isUnchanged(t, after, confirmsAfter, updateOf(raw, steered))
	isUnchanged(t, during, confirmsDuring, updateOf(raw, steered))
	isUnchanged(t, during, confirmsDuring, updateOf(raw, changed))
	isInvalid(t, after.Handle(t.Context(), updateOf(raw, changed)))
	isInvalid(t, confirmsAfter.Handle(t.Context(), updateOf(raw, changed)))
}

// The label of a namespace replaces the date of its project, and what is not a date leaves no job unjudged.
func TestWarnedOnlyLabel(t *testing.T) {
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Obj())
	for _, test := range []struct {
		name, project, label string
		judged               bool
		want                 string // the first warning
	}{
		{"a label", "", "2999-12-31", false, "namespace runai-team-a is warn-only until 2999-12-31: the job is stored as it is"},
		{"a later label", dayFromNow(-1), "2999-12-31", false, "namespace runai-team-a is warn-only until 2999-12-31: the job is stored as it is"},
		{"an earlier label", "2999-12-31", dayFromNow(-1), true, ""},
		{"not a date", "2999-12-31", "2999-12-32", true,
			`namespace runai-team-a: label run.ai/warn-only-until has the invalid value "2999-12-32", so its jobs are judged in full: ` +
				"ask your administrator to set a date, for example 2026-12-31"},
		{"the project", "2999-12-31", "-", false, "project team-a is warn-only until 2999-12-31: the job is stored as it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			labelled := NamespaceMetadata()
			labelled.Name, labelled.Labels = namespace, map[string]string{"runai/queue": "team-a", annotations.WarnOnlyUntilLabel: test.label}
			if test.label == "-" {
				delete(labelled.Labels, annotations.WarnOnlyUntilLabel)
			}
			project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}, Spec: v1alpha1.ProjectSpec{WarnOnlyUntil: test.project}}
			scheme := Scheme()
			if err := metav1.AddMetaToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			cached, err := dropUnread(labelled)
			if err != nil {
				t.Fatal(err)
			}
			m := mutator()
			m.Namespaces = CachedNamespaces{
				Reader: fake.NewClientBuilder().WithScheme(scheme).WithObjects(cached.(*metav1.PartialObjectMetadata), project).Build(), Label: "runai/queue",
			}
			response := m.Handle(t.Context(), byAlice(raw))
			if judged := len(response.Patch) > 0; judged != test.judged || !response.Allowed {
				t.Errorf("judged: %t, %+v", judged, response)
			}
			if !test.judged {
				response = (&Validator{m.Lookups, m.Reviewer}).Handle(t.Context(), byAlice(raw))
			}
			got := strings.Join(response.Warnings, "\n")
			if first, _, _ := strings.Cut(got, "\n"); first != test.want {
				t.Errorf("got %q", got)
			}
			if test.label == "2999-12-32" { // a refused user must see it, too
				bad := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(0).Obj())
				if response := m.Handle(t.Context(), byAlice(bad)); response.Allowed || len(response.Warnings) != 1 {
					t.Errorf("got %+v", response)
				}
			}
		})
	}
}

// What a request may cost is limited everywhere.
func TestWarnedOnlyIsBounded(t *testing.T) {
	m, v := warnedUntil("2999-12-31")
	large := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Annotation("a", strings.Repeat("a", largestCreation)).Obj())
	sprawling := bytes.Replace(marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Obj()),
		[]byte(`"containers":[`), []byte(`"containers":[`+strings.Repeat(`{},`, 200)), 1)
	for name, raw := range map[string][]byte{"large": large, "sprawling": sprawling} {
		for _, handler := range []admission.Handler{m, v} {
			if response := handler.Handle(t.Context(), byAlice(raw)); response.Allowed || response.Result.Code == http.StatusServiceUnavailable {
				t.Errorf("%s, %T: %+v", name, handler, response)
			}
		}
	}
	many := mpijobtest.MakeMPIJob("dist1", namespace).Obj()
	for range 90 {
		container := many.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers[0].DeepCopy()
		many.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers = append(many.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers, *container)
	}
	if warnings := isUnchanged(t, m, v, byAlice(marshal(t, many))); len(warnings) < 10 || len(warnings) > mostWarnings+1 {
		t.Errorf("%d warnings", len(warnings))
	}
}

// A copy that MultiKueue makes has a stamp, and is judged; without a stamp it is a job like any other.
func TestWarnedOnlyCopies(t *testing.T) {
	m, v := warnedUntil("2999-12-31")
	job := mpijobtest.MakeMPIJob("dist1", namespace).Label("kueue.x-k8s.io/multikueue-origin", "manager")
	warnings := isUnchanged(t, m, v, byAlice(marshal(t, job.Obj())))
	if len(warnings) != 2 || !strings.Contains(warnings[1], "is reserved for MultiKueue") {
		t.Errorf("got %q", warnings)
	}
	stamped := byAlice(marshal(t, job.Annotation(annotations.SubmittedByKey, `{"username":"saml:bob"}`).Obj()))
	isInvalid(t, m.Handle(t.Context(), stamped))
	isTriedAgain(t, v.Handle(t.Context(), stamped))
}

// Saying what would happen to a job costs no more than judging it.
func TestFloodsOfWarnedOnlyProjects(t *testing.T) {
	m := strictMutator()
	facts, _ := m.Namespaces.FactsOf(t.Context(), namespace)
	facts.Project.Spec.WarnOnlyUntil = "2999-12-31" // the cache has the same
	small, allowed := marshal(t, mpijobtest.MakeMPIJob("flood", namespace).Obj()), 0
	for _, job := range append(flood.Jobs(namespace), flood.Namesakes(namespace)...) {
		raw := bytes.ReplaceAll(job.JSON, []byte(annotations.Prefix), []byte("example.com/"))
		for _, body := range [][]byte{creationReview(t, raw), updateReview(t, small, raw)} {
			for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
				response, spent := answer(handler, body)
				if err := spent.inBounds(body); err != nil {
					t.Errorf("%s: %T: %s", job.Name, handler, err)
				}
				if size := len(marshal(t, response)); size > 256<<10 {
					t.Errorf("%s: %T: the answer has %d bytes", job.Name, handler, size)
				}
				if response != nil && response.Allowed {
					allowed++
				}
			}
		}
	}
	if t.Logf("%d requests are admitted unchanged", allowed); allowed < 50 {
		t.Errorf("only %d requests are admitted", allowed)
	}
}
