package patch

import (
	"reflect"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestEqualJobsNeedNoPatch(t *testing.T) {
	runTable(t, []betweenTest{
		{reason: "nothing changed", pod: `{"containers":[{"name":"mpi","args":["a"],"resources":{"limits":{"cpu":"1"}}}]}`,
			change: func(*v2beta1.MPIJob) {}, want: `[]`},
		{reason: "a map made for a label that did not come", pod: `{}`,
			change: func(job *v2beta1.MPIJob) {
				job.Spec.MPIReplicaSpecs["Worker"].Template.Labels = map[string]string{}
			}, want: `[]`},
		{reason: "another spelling of a quantity", pod: `{"containers":[{"name":"mpi","resources":{"limits":{"cpu":"1000m"}}}]}`,
			change: onContainer(func(c *corev1.Container) { c.Resources.Limits["cpu"] = resource.MustParse("1") }), want: `[]`},
		{reason: "another zone of a time", raw: `{"metadata":{"creationTimestamp":"2026-01-02T03:04:05Z"}}`,
			change: func(job *v2beta1.MPIJob) {
				job.CreationTimestamp = metav1.Time{Time: job.CreationTimestamp.UTC()}
			}, want: `[]`},
		{reason: "null, an empty object and an empty list are equal", pod: `{"containers":[],"volumes":null,"nodeSelector":{}}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.Containers, pod.Volumes, pod.NodeSelector = nil, []corev1.Volume{}, nil }), want: `[]`},
	})
}

func TestLeaves(t *testing.T) {
	port := intstr.FromString("ssh")
	container := `{"name":"mpi","image":"a","tty":true,"x":1,"ports":[{"containerPort":22}],"resources":{"limits":{"cpu":"1"}},` +
		`"readinessProbe":{"x":1,"httpGet":{"port":22}}}`
	runTable(t, []betweenTest{
		{reason: "an absent one is added", pod: `{"x":1}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.SchedulerName = "kai" }), want: `[{"op":"add","path":"POD/schedulerName","value":"kai"}]`},
		{reason: "a changed one is added over the old, an emptied one removed", pod: `{"containers":[` + container + `]}`,
			change: onContainer(func(c *corev1.Container) { c.Image, c.TTY = "b", false }),
			want:   `[{"op":"add","path":"POD/containers/0/image","value":"b"},{"op":"remove","path":"POD/containers/0/tty"}]`},
		{reason: "a required one stays, and is zero", pod: `{"containers":[` + container + `]}`,
			change: onContainer(func(c *corev1.Container) { c.Ports[0].ContainerPort = 0 }),
			want:   `[{"op":"add","path":"POD/containers/0/ports/0/containerPort","value":0}]`},
		{reason: "a quantity is one value", pod: `{"containers":[` + container + `]}`,
			change: onContainer(func(c *corev1.Container) { c.Resources.Limits["cpu"] = resource.MustParse("500m") }),
			want:   `[{"op":"add","path":"POD/containers/0/resources/limits/cpu","value":"500m"}]`},
		{reason: "so is a number or string, in a struct that stands in the same object", pod: `{"containers":[` + container + `]}`,
			change: onContainer(func(c *corev1.Container) { c.ReadinessProbe.HTTPGet.Port = port }),
			want:   `[{"op":"add","path":"POD/containers/0/readinessProbe/httpGet/port","value":"ssh"}]`},
		{reason: "and bytes", raw: `{"metadata":{"managedFields":[{"fieldsV1":{"a":{}}}]}}`,
			change: func(job *v2beta1.MPIJob) { job.ManagedFields[0].FieldsV1.SetRawBytes([]byte(`{"b":{}}`)) },
			want:   `[{"op":"add","path":"/metadata/managedFields/0/fieldsV1","value":{"b":{}}}]`},
		{reason: "a pointer to zero is a value, null is not", pod: `{"securityContext":{"runAsUser":5,"runAsGroup":null}}`,
			change: onPod(func(pod *corev1.PodSpec) {
				*pod.SecurityContext.RunAsUser, pod.SecurityContext.RunAsGroup = 0, new(int64)
			}),
			want: `[{"op":"add","path":"POD/securityContext/runAsUser","value":0},{"op":"add","path":"POD/securityContext/runAsGroup","value":0}]`},
	})
}

// An MPIJob has no field of this type yet.
func TestBytesAreOneValue(t *testing.T) {
	type object struct {
		Data []byte `json:"data"`
	}
	before, after := object{[]byte("abc")}, object{[]byte("xy")}
	w := walk{}
	w.fields(reflect.ValueOf(&before).Elem(), reflect.ValueOf(&after).Elem())
	if got, want := string(written(t, w.operations)), `[{"op":"add","path":"/data","value":"eHk="}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
