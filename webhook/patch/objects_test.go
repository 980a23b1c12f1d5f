package patch

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestObjects(t *testing.T) {
	resources := onContainer(func(c *corev1.Container) { c.Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1")} })
	user := func(pod *corev1.PodSpec) { pod.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64)} }
	label := func(job *v2beta1.MPIJob) {
		metav1.SetMetaDataLabel(&job.Spec.MPIReplicaSpecs["Worker"].Template.ObjectMeta, "a", "b")
	}
	worker := `{"spec":{"mpiReplicaSpecs":{"Worker":`
	runTable(t, []betweenTest{
		{reason: "an absent struct is added whole", pod: `{"containers":[{"name":"mpi"}]}`, change: resources,
			want: `[{"op":"add","path":"POD/containers/0/resources","value":{"limits":{"cpu":"1"}}}]`},
		{reason: "null is absent", pod: `{"containers":[{"name":"mpi","resources":null}]}`, change: resources,
			want: `[{"op":"add","path":"POD/containers/0/resources","value":{"limits":{"cpu":"1"}}}]`},
		{reason: "a struct that is zero in Go may hold unknown fields", pod: `{"containers":[{"name":"mpi","resources":{"unknown":1}}]}`, change: resources,
			want: `[{"op":"add","path":"POD/containers/0/resources/limits","value":{"cpu":"1"}}]`},
		{reason: "an empty one is no exception", pod: `{"containers":[{"name":"mpi","resources":{}}]}`, change: resources,
			want: `[{"op":"add","path":"POD/containers/0/resources/limits","value":{"cpu":"1"}}]`},
		{reason: "a struct is emptied, never removed", pod: `{"containers":[{"name":"mpi","resources":{"limits":{"cpu":"1"},"unknown":1}}]}`,
			change: onContainer(func(c *corev1.Container) { c.Resources = corev1.ResourceRequirements{} }),
			want:   `[{"op":"remove","path":"POD/containers/0/resources/limits"}]`},
		{reason: "added metadata has no creationTimestamp", raw: worker + `{"template":{"spec":{}}}}}}`, change: label,
			want: `[{"op":"add","path":"ROLES/Worker/template/metadata","value":{"labels":{"a":"b"}}}]`},
		{reason: "absent or null at once with its parent", raw: worker + `{"template":null}}}}`, change: label,
			want: `[{"op":"add","path":"ROLES/Worker/template","value":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":null}}}]`},
		{reason: "an absent pointer is added whole", pod: `{}`, change: onPod(user),
			want: `[{"op":"add","path":"POD/securityContext","value":{"runAsUser":0}}]`},
		{reason: "so is null", pod: `{"securityContext":null}`, change: onPod(user),
			want: `[{"op":"add","path":"POD/securityContext","value":{"runAsUser":0}}]`},
		{reason: "a pointer to something unknown is changed inside", pod: `{"securityContext":{"unknown":1}}`, change: onPod(user),
			want: `[{"op":"add","path":"POD/securityContext/runAsUser","value":0}]`},
		{reason: "a pointer is removed", pod: `{"securityContext":{"unknown":1}}`, change: onPod(func(pod *corev1.PodSpec) { pod.SecurityContext = nil }),
			want: `[{"op":"remove","path":"POD/securityContext"}]`},
		{reason: "a pointer to nothing known is added", pod: `{"volumes":[{"name":"a"}]}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.Volumes[0].EmptyDir = &corev1.EmptyDirVolumeSource{} }),
			want:   `[{"op":"add","path":"POD/volumes/0/emptyDir","value":{}}]`},
	})
}
