package forgery

import (
	"slices"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// A user speaks to an NFS server from the node's address and a low port, and says that they are somebody else.
func TestT30HostNetwork(t *testing.T) {
	const reason = "set restrictions.hostNetwork of the project to Allow"
	port := intstr.FromInt32(80)
	get := &corev1.HTTPGetAction{Host: "169.254.169.254", Port: port}
	dial := &corev1.TCPSocketAction{Host: "127.0.0.1", Port: port}
	main := func(change func(*corev1.Container)) func(*v2beta1.MPIJob) {
		return inWorker(func(spec *corev1.PodSpec) { change(&spec.Containers[0]) })
	}
	sidecar := func(hooks *corev1.Lifecycle) func(*v2beta1.MPIJob) {
		return inLauncher(func(spec *corev1.PodSpec) {
			spec.Containers = append(spec.Containers, corev1.Container{Name: "side", Image: "x", Lifecycle: hooks})
		})
	}
	try(t, "t30", []attempt{
		{"a launcher on the node's network", inLauncher(func(spec *corev1.PodSpec) { spec.HostNetwork = true }), reason},
		{"a worker on the node's network", inWorker(func(spec *corev1.PodSpec) { spec.HostNetwork = true }), reason},
		{"a port of the node", main(func(c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
		}), reason},
		{"a liveness probe", main(func(c *corev1.Container) {
			c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: get}}
		}), reason},
		{"a startup probe", main(func(c *corev1.Container) {
			c.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: dial}}
		}), reason},
		{"a hook at the start", sidecar(&corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{HTTPGet: get}}), reason},
		{"a hook at the end", sidecar(&corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{TCPSocket: dial}}), reason},
	})
	allowed := required
	allowed.Restrictions.HostNetwork = v1alpha1.Allow
	namespace, alice := product.AddProject(t, "t30-allowed", allowed), login(t, broker, alices)
	inNode := func(job *v2beta1.MPIJob) {
		inTemplates(func(template *corev1.PodTemplateSpec) { template.Spec.HostNetwork = true })(job)
		job.Annotations = map[string]string{annotations.GitSyncKey: "source=https://git.example.com/code"}
	}
	for role, spec := range isAdmitted(t, alice, namespace, "the node's network where the project allows it", inNode).Spec.MPIReplicaSpecs {
		for _, container := range slices.Concat(spec.Template.Spec.InitContainers, spec.Template.Spec.Containers) {
			if has := container.SecurityContext.Capabilities; len(has.Add) > 0 || !slices.Contains(has.Drop, "ALL") {
				t.Errorf("%s of the %s has %v", container.Name, role, has)
			}
		}
	}
	job := mpijobtest.MakeMPIJob("low", namespace).Obj()
	inWorker(func(spec *corev1.PodSpec) {
		spec.HostNetwork = true
		containerSecurityOf(spec).Capabilities = &corev1.Capabilities{Add: []corev1.Capability{"NET_BIND_SERVICE"}}
	})(job)
	isRefused(t, "a low port", alice.Create(t.Context(), job), "cannot be used with hostNetwork")
}
