package patch

import (
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	jsonpatch "gopkg.in/evanphx/json-patch.v4" // the one that the API server applies patches with
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// betweenTest has a job with the pod spec pod on its worker, or the whole job in raw.
type betweenTest struct {
	reason string
	raw    string
	pod    string
	change func(*v2beta1.MPIJob)
	want   string // with JOB, POD and ROLES for their paths
}

const (
	podPath   = "/spec/mpiReplicaSpecs/Worker/template/spec"
	rolesPath = "/spec/mpiReplicaSpecs"
)

func (test betweenTest) document() []byte {
	if test.raw != "" {
		return []byte(test.raw)
	}
	return []byte(`{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":` + test.pod + `}}}}}`)
}

func (test betweenTest) run(t *testing.T) {
	raw := test.document()
	before := decode(t, raw)
	after := before.DeepCopy()
	test.change(after)
	operations, err := Between(before, after, raw)
	if err != nil {
		t.Fatal(err)
	}
	got := string(written(t, operations))
	want := strings.NewReplacer("POD", podPath, "ROLES", rolesPath).Replace(test.want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", test.reason, diff)
	}
	checkApplied(t, raw, operations, after)
}

func onPod(change func(*corev1.PodSpec)) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) { change(&job.Spec.MPIReplicaSpecs["Worker"].Template.Spec) }
}

func onContainer(change func(*corev1.Container)) func(*v2beta1.MPIJob) {
	return onPod(func(pod *corev1.PodSpec) { change(&pod.Containers[0]) })
}

func runTable(t *testing.T, tests []betweenTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.reason, test.run)
	}
}

func decode(t testing.TB, raw []byte) *v2beta1.MPIJob {
	t.Helper()
	job := &v2beta1.MPIJob{}
	if err := jsonv2.Unmarshal(raw, job); err != nil {
		t.Fatalf("%s\n%s", err, raw)
	}
	return job
}

// apply applies a patch as the API server does.
func apply(t testing.TB, raw []byte, operations []Operation) []byte {
	t.Helper()
	patch, err := jsonpatch.DecodePatch(written(t, operations))
	if err != nil {
		t.Fatal(err)
	}
	applied, err := patch.Apply(raw)
	if err != nil {
		t.Fatalf("%s\n%s\n%s", err, raw, written(t, operations))
	}
	return applied
}

// checkApplied also checks that the patched job needs no further patch.
func checkApplied(t testing.TB, raw []byte, operations []Operation, after *v2beta1.MPIJob) []byte {
	t.Helper()
	applied := apply(t, raw, operations)
	got := decode(t, applied)
	if !equality.Semantic.DeepEqual(got, after) {
		t.Errorf("applied (-want +got):\n%s\n%s", cmp.Diff(after, got), written(t, operations))
	}
	if again, err := Between(got, after, applied); err != nil || len(again) > 0 {
		t.Errorf("not done after one patch: %s, error %v", written(t, again), err)
	}
	return applied
}

func written(t testing.TB, operations []Operation) []byte {
	t.Helper()
	text, err := Marshal(operations)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
