package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

const namespace = "runai-team-a"

// oneProject is a cache with one project.
type oneProject struct{ project *v1alpha1.Project }

func (o oneProject) FactsOf(context.Context, string) (review.NamespaceFacts, error) {
	return review.NamespaceFacts{Project: o.project, WarnOnly: review.WarnOnlyOf(o.project, namespace, nil)}, nil
}

type emptyDirectory struct{}

func (emptyDirectory) EntriesOf(context.Context, string) ([]v1alpha1.PosixIdentity, error) {
	return nil, nil
}

// today has the schema of a current operator.
type today struct{}

func (today) KeepsGroupsPolicy(context.Context) (bool, error) { return true, nil }

func mutator() *Mutator {
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	project.Spec.NodeAffinity.Train = []string{"dgx"}
	return &Mutator{Lookups{oneProject{project}, emptyDirectory{}, today{}}, review.Reviewer{Cluster: config.Default(), Version: "(test)"}}
}

func creation(raw []byte) admission.Request {
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID: "1", Operation: admissionv1.Create, Namespace: namespace, Object: runtime.RawExtension{Raw: raw},
	}}
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// applied returns the object with the patch of a response, as the API server stores it.
func applied(t testing.TB, raw []byte, response admission.Response) []byte {
	t.Helper()
	if !response.Allowed {
		t.Fatalf("refused: %+v", response.Result)
	}
	operations, err := jsonpatch.DecodePatch(response.Patch)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := operations.Apply(raw)
	if err != nil {
		t.Fatalf("%s\n%s", err, response.Patch)
	}
	return stored
}

func TestHandlerStoresWhatThePoliciesMade(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Gate(annotations.AdmissionGate).
		Annotation(annotations.GPUKey, "1").Annotation(annotations.LargeShmKey, "8Gi").Obj()
	m := mutator()
	response := m.Handle(t.Context(), creation(marshal(t, job)))
	got := &v2beta1.MPIJob{}
	if err := json.Unmarshal(applied(t, marshal(t, job), response), got); err != nil {
		t.Fatal(err)
	}
	facts, _ := m.Namespaces.FactsOf(t.Context(), namespace)
	if _, errs := m.Reviewer.Create(job, review.Request{NamespaceFacts: facts}); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	if diff := cmp.Diff(job, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-policies +stored):\n%s", diff)
	}
	if audit := response.AuditAnnotations["applied-policies"]; !strings.Contains(audit, "large-shm") {
		t.Errorf("audit annotation %q", audit)
	}
}

func TestHandlerAnswersEveryCause(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", namespace).Workers(0).
		Annotation(annotations.GPUKey, "1.5").Annotation(annotations.NodeTypeKey, "t4").Obj()
	response := mutator().Handle(t.Context(), creation(marshal(t, job)))
	if response.Allowed || response.Result.Code != http.StatusUnprocessableEntity || response.Result.Reason != metav1.StatusReasonInvalid {
		t.Fatalf("got %+v", response)
	}
	var fields []string
	for _, cause := range response.Result.Details.Causes {
		fields = append(fields, cause.Field)
	}
	want := []string{"metadata.annotations[run.ai/gpu]", "metadata.annotations[run.ai/node-type]", "spec.mpiReplicaSpecs[Worker].replicas"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnknownNamespaceOrProjectIsUnavailable(t *testing.T) {
	labelled := NamespaceMetadata()
	labelled.Name, labelled.Labels = namespace, map[string]string{"runai/queue": "team-a"}
	unlabelled := NamespaceMetadata()
	unlabelled.Name = namespace
	for _, test := range []struct {
		name   string
		cached []client.Object
		want   string
	}{
		{"an empty cache", nil, "namespace runai-team-a has no label runai/queue"},
		{"a namespace without the label", []client.Object{unlabelled}, "namespace runai-team-a has no label runai/queue"},
		{"a label without a project", []client.Object{labelled}, `project "team-a" of namespace runai-team-a (label runai/queue) not found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			scheme := Scheme()
			if err := metav1.AddMetaToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			reader := fake.NewClientBuilder().WithScheme(scheme).WithObjects(test.cached...).Build()
			m := mutator()
			m.Namespaces = CachedNamespaces{Reader: reader, Label: "runai/queue"}
			response := m.Handle(t.Context(), creation(marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Obj())))
			if response.Allowed || response.Result.Code != http.StatusServiceUnavailable || !strings.Contains(response.Result.Message, test.want) {
				t.Errorf("got %+v", response.Result)
			}
		})
	}
}

type brokenDirectory struct{}

func (brokenDirectory) EntriesOf(context.Context, string) ([]v1alpha1.PosixIdentity, error) {
	return nil, unavailable("no cache")
}

type brokenSchema struct{}

func (brokenSchema) KeepsGroupsPolicy(context.Context) (bool, error) {
	return false, unavailable("no cache")
}

// A failed look-up is not a refusal but a 503, which the client can try again.
func TestFailedLookUpIsUnavailable(t *testing.T) {
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Annotation(annotations.RunAsUserKey, "true").Obj())
	for name, breakIt := range map[string]func(*Lookups){
		"directory": func(l *Lookups) { l.Directory = brokenDirectory{} },
		"schema":    func(l *Lookups) { l.Schema = brokenSchema{} },
	} {
		m := mutator()
		m.Reviewer.Cluster.Identity.Sources = []config.IdentitySource{config.SourceDirectory}
		breakIt(&m.Lookups)
		for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
			response := handler.Handle(t.Context(), creation(raw))
			if response.Allowed || response.Result.Code != http.StatusServiceUnavailable || response.Result.Reason != metav1.StatusReasonServiceUnavailable {
				t.Errorf("%s, %T: got %+v", name, handler, response.Result)
			}
		}
	}
}

func TestUnreadableCacheIsUnavailable(t *testing.T) {
	reader := fake.NewClientBuilder().WithScheme(runtime.NewScheme()).Build() // knows no Project
	_, err := CachedNamespaces{Reader: reader, Label: "runai/queue"}.FactsOf(t.Context(), namespace)
	if !apierrors.IsServiceUnavailable(err) {
		t.Errorf("got %v", err)
	}
}
