package patch

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func TestLists(t *testing.T) {
	gates := `{"schedulingGates":[{"name":"a"},{"name":"b","x":1},{"name":"c"}]}`
	keep := func(kept ...int) func(*v2beta1.MPIJob) {
		return onPod(func(pod *corev1.PodSpec) {
			all := pod.SchedulingGates
			pod.SchedulingGates = nil
			for _, i := range kept {
				pod.SchedulingGates = append(pod.SchedulingGates, all[i])
			}
		})
	}
	runTable(t, []betweenTest{
		{reason: "elements are appended in their order", pod: `{"volumes":[{"name":"a"}]}`,
			change: onPod(func(pod *corev1.PodSpec) {
				pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "b"}, corev1.Volume{Name: "c"})
			}),
			want: `[{"op":"add","path":"POD/volumes/-","value":{"name":"b"}},{"op":"add","path":"POD/volumes/-","value":{"name":"c"}}]`},
		{reason: "an element is changed in its place", pod: `{"containers":[{"name":"mpi","env":[{"name":"A","value":"1"},{"name":"B","value":"2","x":1}]}]}`,
			change: onContainer(func(c *corev1.Container) { c.Env[1].Value = "3" }),
			want:   `[{"op":"add","path":"POD/containers/0/env/1/value","value":"3"}]`},
		{reason: "add would insert a value into a list", pod: `{"containers":[{"name":"mpi","args":["a","b"]}]}`,
			change: onContainer(func(c *corev1.Container) { c.Args = []string{"a", "c", "d"} }),
			want:   `[{"op":"replace","path":"POD/containers/0/args/1","value":"c"},{"op":"add","path":"POD/containers/0/args/-","value":"d"}]`},
		{reason: "an emptied value stays an element", pod: `{"containers":[{"name":"mpi","args":["a","b"]}]}`,
			change: onContainer(func(c *corev1.Container) { c.Args[0] = "" }),
			want:   `[{"op":"replace","path":"POD/containers/0/args/0","value":""}]`},
		{reason: "an element that is null cannot be added to", pod: `{"tolerations":[null]}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.Tolerations[0].Key = "a" }),
			want:   `[{"op":"replace","path":"POD/tolerations/0","value":{"key":"a"}}]`},
		{reason: "an element with nothing known in it is", pod: `{"tolerations":[{"x":1}]}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.Tolerations[0].Key = "a" }),
			want:   `[{"op":"add","path":"POD/tolerations/0/key","value":"a"}]`},
		{reason: "elements are removed from behind", pod: gates, change: keep(1),
			want: `[{"op":"remove","path":"POD/schedulingGates/2"},{"op":"remove","path":"POD/schedulingGates/0"}]`},
		{reason: "the last removed one takes the list along", pod: gates, change: keep(),
			want: `[{"op":"remove","path":"POD/schedulingGates"}]`},
		{reason: "a removed element, a changed and an appended one", pod: `{"volumes":[{"name":"a"},{"name":"b","x":1}]}`,
			change: onPod(func(pod *corev1.PodSpec) {
				pod.Volumes = []corev1.Volume{{Name: "b", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}, {Name: "c"}}
			}),
			want: `[{"op":"add","path":"POD/volumes/1/emptyDir","value":{}},{"op":"remove","path":"POD/volumes/0"},` +
				`{"op":"add","path":"POD/volumes/-","value":{"name":"c"}}]`},
		{reason: "an element that moves to the end is written again", pod: `{"volumes":[{"name":"a"},{"name":"b","x":1}]}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.Volumes = []corev1.Volume{pod.Volumes[1], pod.Volumes[0]} }),
			want:   `[{"op":"remove","path":"POD/volumes/0"},{"op":"add","path":"POD/volumes/-","value":{"name":"a"}}]`},
		{reason: "elements move behind an inserted one, with what is unknown of them", pod: `{"volumes":[{"name":"gone"},{"name":"a","x":1},{"name":"b","x":2}]}`,
			change: onPod(func(pod *corev1.PodSpec) {
				b := corev1.Volume{Name: "b", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
				pod.Volumes = []corev1.Volume{{Name: "x"}, b, {Name: "a"}}
			}),
			want: `[{"op":"add","path":"POD/volumes/2/emptyDir","value":{}},{"op":"remove","path":"POD/volumes/0"},` +
				`{"op":"add","path":"POD/volumes/-","value":{"name":"x"}},{"op":"move","from":"POD/volumes/1","path":"POD/volumes/-"},` +
				`{"op":"move","from":"POD/volumes/0","path":"POD/volumes/-"}]`},
		{reason: "an element is inserted in the middle", pod: `{"schedulingGates":[{"name":"a"},{"name":"b","x":1}]}`,
			change: onPod(func(pod *corev1.PodSpec) {
				pod.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}, {Name: "c"}, {Name: "b"}}
			}),
			want: `[{"op":"add","path":"POD/schedulingGates/-","value":{"name":"c"}},{"op":"move","from":"POD/schedulingGates/1","path":"POD/schedulingGates/-"}]`},
		{reason: "all elements are replaced", pod: `{"schedulingGates":[{"name":"a"},{"name":"b"}]}`,
			change: onPod(func(pod *corev1.PodSpec) { pod.SchedulingGates = []corev1.PodSchedulingGate{{Name: "c"}} }),
			want: `[{"op":"remove","path":"POD/schedulingGates/1"},{"op":"remove","path":"POD/schedulingGates/0"},` +
				`{"op":"add","path":"POD/schedulingGates/-","value":{"name":"c"}}]`},
		{reason: "a list in place of none, null or an empty one", pod: `{"volumes":null,"tolerations":[]}`,
			change: onPod(func(pod *corev1.PodSpec) {
				pod.Volumes, pod.Tolerations = []corev1.Volume{{Name: "a"}}, []corev1.Toleration{{Key: "b"}}
				pod.InitContainers = []corev1.Container{{Name: "c"}}
			}),
			want: `[{"op":"add","path":"POD/volumes","value":[{"name":"a"}]},` +
				`{"op":"add","path":"POD/initContainers","value":[{"name":"c","resources":{}}]},` +
				`{"op":"add","path":"POD/tolerations","value":[{"key":"b"}]}]`},
	})
}

func TestRefusedChangesOfLists(t *testing.T) {
	for _, test := range []struct {
		reason, pod string
		change      func(*corev1.PodSpec)
		want        string
	}{
		{"one removed and one changed, without names", `{"tolerations":[{"key":"a"},{"key":"b"}]}`,
			func(pod *corev1.PodSpec) { pod.Tolerations = []corev1.Toleration{{Key: "c"}} }, podPath + "/tolerations has elements both removed and changed"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			raw := betweenTest{pod: test.pod}.document()
			before := decode(t, raw)
			after := before.DeepCopy()
			onPod(test.change)(after)
			operations, err := Between(before, after, raw)
			if err == nil || !strings.Contains(err.Error(), test.want) || operations != nil {
				t.Errorf("got %v, error %v; want error %q", operations, err, test.want)
			}
		})
	}
}

// Whatever happens to a list of elements with names, of which some occur twice, the patch makes the new list.
func TestListsInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	names := []string{"A", "B", "C", "D", "E"}
	for range 2000 {
		variables := func() []corev1.EnvVar {
			all := make([]corev1.EnvVar, random.Intn(7))
			for i := range all {
				all[i] = corev1.EnvVar{Name: names[random.Intn(len(names))], Value: names[random.Intn(2)]}
			}
			return all
		}
		before := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj()
		env := &before.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers[0].Env
		*env = variables()
		raw, after := marshal(t, before), before.DeepCopy()
		after.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers[0].Env = variables()
		operations, err := Between(before, after, raw)
		if err != nil {
			t.Fatal(err)
		}
		checkApplied(t, raw, operations, after)
	}
}

func TestMaps(t *testing.T) {
	annotated := func(change func(map[string]string)) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { change(job.Annotations) }
	}
	runTable(t, []betweenTest{
		{reason: "keys are escaped, and in their order", raw: `{"metadata":{"annotations":{"b/a~1":"1","c":"2","d":"3"}}}`,
			change: annotated(func(m map[string]string) { m["b/a~1"], m["a"], m["d"] = "0", "0", ""; delete(m, "c") }),
			want: `[{"op":"add","path":"/metadata/annotations/a","value":"0"},{"op":"add","path":"/metadata/annotations/b~1a~01","value":"0"},` +
				`{"op":"remove","path":"/metadata/annotations/c"},{"op":"add","path":"/metadata/annotations/d","value":""}]`},
		{reason: "the last key takes the map along", raw: `{"metadata":{"annotations":{"a":"1"}}}`,
			change: annotated(func(m map[string]string) { delete(m, "a") }), want: `[{"op":"remove","path":"/metadata/annotations"}]`},
		{reason: "a map in place of null", raw: `{"metadata":{"annotations":null}}`,
			change: func(job *v2beta1.MPIJob) { job.Annotations = map[string]string{"a/b": "1"} },
			want:   `[{"op":"add","path":"/metadata/annotations","value":{"a/b":"1"}}]`},
		{reason: "null as a value is replaced", raw: `{"metadata":{"annotations":{"a":null}}}`,
			change: annotated(func(m map[string]string) { m["a"] = "1" }), want: `[{"op":"add","path":"/metadata/annotations/a","value":"1"}]`},
		{reason: "roles come, go, change inside, and may be null", raw: `{"spec":{"mpiReplicaSpecs":{"A":{"replicas":1},"B":{"x":1},"C":null,"D":null}}}`,
			change: func(job *v2beta1.MPIJob) {
				roles := job.Spec.MPIReplicaSpecs
				roles["B"].RestartPolicy = "Never"
				roles["C"] = &v2beta1.ReplicaSpec{RestartPolicy: "Never"}
				delete(roles, "A")
			},
			want: `[{"op":"remove","path":"ROLES/A"},{"op":"add","path":"ROLES/B/restartPolicy","value":"Never"},` +
				`{"op":"add","path":"ROLES/C","value":{"template":{"metadata":{},"spec":{"containers":null}},"restartPolicy":"Never"}}]`},
	})
}
