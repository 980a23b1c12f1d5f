package yardstick

import (
	"context"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// The names of the handlers that the webhook is compared with.
const (
	// Allow allows everything, without looking at it.
	Allow = "allow"
	// Constant adds a queue, an annotation, and for each role a volume, its mount and a scheduler, without looking at
	// the job: a patch of eight operations.
	Constant = "constant"
	// DefaulterNothing is controller-runtime's typed defaulter that changes nothing.
	DefaulterNothing = "defaulter-nothing"
	// DefaulterOne is controller-runtime's typed defaulter that adds a volume, its mount and an annotation to each role.
	DefaulterOne = "defaulter-one"
)

// Handlers returns the handlers, which speak through controller-runtime's own envelope, by name.
func Handlers() map[string]admission.Handler {
	scheme := runtime.NewScheme()
	if err := v2beta1.AddToScheme(scheme); err != nil {
		panic(err) // two types of the same name: no input can cause it
	}
	return map[string]admission.Handler{
		Allow:            always(admission.Allowed("")),
		Constant:         Patching(constantPatch()),
		DefaulterNothing: admission.WithDefaulter(scheme, defaulter(func(*v2beta1.MPIJob) {})).Handler,
		DefaulterOne:     admission.WithDefaulter(scheme, defaulter(addVolumes)).Handler,
	}
}

func always(response admission.Response) admission.Handler {
	return admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return response })
}

// constantPatch returns a patch of a job that has annotations and volumes, but no labels.
func constantPatch() []byte {
	operations := []map[string]any{
		add("/metadata/labels", map[string]string{"example.com/queue": "research"}),
		add("/metadata/annotations/example.com~1admitted", "true"),
	}
	for _, role := range []string{"Launcher", "Worker"} {
		pod := "/spec/mpiReplicaSpecs/" + role + "/template/spec/"
		operations = append(operations,
			add(pod+"volumes/-", corev1.Volume{Name: "shm"}),
			add(pod+"containers/0/volumeMounts/-", corev1.VolumeMount{Name: "shm", MountPath: "/dev/shm"}),
			add(pod+"schedulerName", "kai-scheduler"),
		)
	}
	return encode(operations)
}

func add(path string, value any) map[string]any {
	return map[string]any{"op": "add", "path": path, "value": value}
}

// Patching returns a handler that returns a patch, without looking at the job.
func Patching(patch []byte) admission.Handler {
	patchType := admissionv1.PatchTypeJSONPatch
	return always(admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Allowed: true, Patch: patch, PatchType: &patchType}})
}

type defaulter func(*v2beta1.MPIJob)

// Default is called by controller-runtime.
func (d defaulter) Default(_ context.Context, job *v2beta1.MPIJob) error {
	d(job)
	return nil
}

func addVolumes(job *v2beta1.MPIJob) {
	for _, spec := range job.Spec.MPIReplicaSpecs {
		spec.Template.Spec.Volumes = append(spec.Template.Spec.Volumes, corev1.Volume{Name: "shm"})
		container := &spec.Template.Spec.Containers[0]
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: "shm", MountPath: "/dev/shm"})
		metav1.SetMetaDataAnnotation(&spec.Template.ObjectMeta, "a", "b")
	}
}
