package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// subjects are whole admissions, AdmissionReview in and out, of a job of 4 KB: with every policy, next to
// controller-runtime's typed defaulter that changes nothing, or adds a volume, a mount and an annotation for each role.
// The validating calls and the updates get the job as the API server sends it after the mutating call.
func subjects(t testing.TB) []subject {
	scheme := runtime.NewScheme()
	if err := v2beta1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	nothing := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return admission.Allowed("") })
	m := mutator()
	m.Reviewer = m.Reviewer.Prepared()
	mutates := envelope{observed{Handler: m, webhook: "mutate", projectOf: m.projectOf}, MutatePath}
	validates := envelope{observed{Handler: &Validator{m.Lookups, m.Reviewer}, webhook: "validate"}, ValidatePath}
	job, users := largeJob(), asUser(largeJob())
	created, usersCreated := reviewOf(t, job), reviewOf(t, users)
	stored, usersStored := storedAs(t, m, created), storedAs(t, m, usersCreated)
	return []subject{
		{"bare", &admission.Webhook{Handler: nothing}, created, 0},
		{"defaulter-nothing", &admission.Webhook{Handler: admission.WithDefaulter(scheme, defaulter(func(*v2beta1.MPIJob) {})).Handler}, created, 0},
		{"defaulter-one-mutation", &admission.Webhook{Handler: admission.WithDefaulter(scheme, defaulter(addVolume)).Handler}, created, 0},
		{"envelope", envelope{nothing, MutatePath}, created, 45},
		{"all-policies", mutates, created, 570},
		{"all-policies-as-user", mutates, usersCreated, 830},
		{"validate", validates, reviewOf(t, stored), 560},
		{"validate-as-user", validates, reviewOf(t, usersStored), 1040},
		{"update-scaled", mutates, updatedTo(t, usersStored, scaled), 2100},
		{"update-validate-scaled", validates, updatedTo(t, usersStored, scaled), 2100},
		{"update-reapplied", mutates, updatedTo(t, usersStored, func(*v2beta1.MPIJob) *v2beta1.MPIJob { return users }), 3200},
	}
}

type subject struct {
	name        string
	handler     http.Handler
	body        []byte
	allocations float64 // at most, of ours
}

// BenchmarkHandler measures admissions. Look at the ratios of cpu-ns/op in one run.
func BenchmarkHandler(b *testing.B) {
	for _, subject := range subjects(b) {
		b.Run(subject.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(subject.body)))
			start := usedCPU()
			for b.Loop() {
				subject.serve(b)
			}
			b.ReportMetric(float64(usedCPU()-start)/float64(b.N), "cpu-ns/op")
		})
	}
}

// An admission allocates no more than a bound a little above what it needs. Lower it when it needs less.
func TestAllocations(t *testing.T) {
	for _, subject := range subjects(t) {
		got := testing.AllocsPerRun(20, func() { subject.serve(t) })
		if t.Logf("%s: %.0f", subject.name, got); subject.allocations > 0 && got > raceFactor*subject.allocations {
			t.Errorf("%s: %.0f allocations, more than %.0f", subject.name, got, subject.allocations)
		}
	}
}

func (s subject) serve(t testing.TB) {
	request := httptest.NewRequest(http.MethodPost, MutatePath, bytes.NewReader(s.body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, request)
	if !bytes.Contains(recorder.Body.Bytes(), []byte(`"allowed":true`)) {
		t.Fatal(recorder.Body.String())
	}
}

// storedAs returns a job as the mutating webhook makes it.
func storedAs(t testing.TB, m *Mutator, body []byte) *v2beta1.MPIJob {
	t.Helper()
	request, err := decodeReview(body)
	if err != nil {
		t.Fatal(err)
	}
	stored := &v2beta1.MPIJob{}
	if err := json.Unmarshal(applied(t, request.Object.Raw, m.Handle(t.Context(), request)), stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

func scaled(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	*job.Spec.MPIReplicaSpecs["Worker"].Replicas++
	return job
}

func updatedTo(t testing.TB, stored *v2beta1.MPIJob, change func(*v2beta1.MPIJob) *v2beta1.MPIJob) []byte {
	review := admissionv1.AdmissionReview{}
	if err := json.Unmarshal(reviewOf(t, change(stored.DeepCopy())), &review); err != nil {
		t.Fatal(err)
	}
	review.Request.Operation, review.Request.OldObject.Raw = admissionv1.Update, marshal(t, stored)
	return marshal(t, review)
}

func reviewOf(t testing.TB, object *v2beta1.MPIJob) []byte {
	job := marshal(t, object)
	return marshal(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "1", Operation: admissionv1.Create, Namespace: namespace, Name: "dist1",
			Kind:     metav1.GroupVersionKind(v2beta1.SchemeGroupVersionKind),
			Resource: metav1.GroupVersionResource{Group: v2beta1.GroupName, Version: "v2beta1", Resource: "mpijobs"},
			Object:   runtime.RawExtension{Raw: job},
			UserInfo: authenticationv1.UserInfo{Username: "saml:alice@example.com", Extra: map[string]authenticationv1.ExtraValue{
				"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001", "60002"},
			}},
		},
	})
}

// managedFields is what the API server adds to a created object.
const managedFields = `{"f:metadata":{"f:annotations":{".":{},"f:run.ai/gpu":{},"f:run.ai/large-shm":{},"f:run.ai/node-type":{},"f:run.ai/project":{}}},` +
	`"f:spec":{".":{},"f:launcherCreationPolicy":{},"f:mpiImplementation":{},"f:mpiReplicaSpecs":{".":{},"f:Launcher":{".":{},"f:replicas":{},` +
	`"f:template":{".":{},"f:spec":{".":{},"f:containers":{},"f:schedulingGates":{},"f:volumes":{}}}},"f:Worker":{".":{},"f:replicas":{},` +
	`"f:template":{".":{},"f:spec":{".":{},"f:containers":{},"f:schedulingGates":{},"f:volumes":{}}}}},"f:runLauncherAsWorker":{},` +
	`"f:runPolicy":{".":{},"f:cleanPodPolicy":{},"f:suspend":{}},"f:slotsPerWorker":{},"f:sshAuthMountPath":{}}}`

// largeJob has about 4 KB as the API server sends it, and every intent except an identity.
func largeJob() *v2beta1.MPIJob {
	return mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Gate(annotations.AdmissionGate).
		Annotation(annotations.ProjectKey, "team-a").Annotation(annotations.GPUKey, "2").
		Annotation(annotations.NodeTypeKey, "dgx").Annotation(annotations.LargeShmKey, "8Gi").
		Both(func(template *corev1.PodTemplateSpec) {
			container := &template.Spec.Containers[0]
			for _, name := range []string{"BATCH_SIZE", "LEARNING_RATE", "EPOCHS", "NCCL_DEBUG", "NCCL_IB_DISABLE", "OMP_NUM_THREADS", "DATASET", "CHECKPOINTS"} {
				container.Env = append(container.Env, corev1.EnvVar{Name: name, Value: "a value of some length for " + name})
			}
			for _, name := range []string{"data", "checkpoints", "home", "scratch"} {
				container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/mnt/" + name})
				template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim-of-" + name},
				}})
			}
		}).Job(func(job *v2beta1.MPIJob) {
		job.ManagedFields = []metav1.ManagedFieldsEntry{{
			Manager: "runai", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: v2beta1.SchemeGroupVersion.String(),
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(managedFields),
		}}
	}).Obj()
}

// asUser adds the intents that add most to a job: an identity, a home, ssh, and code from git.
func asUser(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	job.Annotations[annotations.RunAsUserKey] = "true"
	job.Annotations[annotations.GitSyncKey] = "source=https://git.example.com/code"
	job.Annotations[annotations.GitSyncSecretKey] = "git"
	return job
}

type defaulter func(*v2beta1.MPIJob)

func (d defaulter) Default(_ context.Context, job *v2beta1.MPIJob) error {
	d(job)
	return nil
}

func addVolume(job *v2beta1.MPIJob) {
	for _, spec := range job.Spec.MPIReplicaSpecs {
		spec.Template.Spec.Volumes = append(spec.Template.Spec.Volumes, corev1.Volume{Name: "shm"})
		container := &spec.Template.Spec.Containers[0]
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: "shm", MountPath: "/dev/shm"})
		metav1.SetMetaDataAnnotation(&spec.Template.ObjectMeta, "a", "b")
	}
}
