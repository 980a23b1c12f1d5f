package review

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/randfill"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

const futureWorker = `{"spec":{"runPolicy":{"future":1},"mpiReplicaSpecs":{"Worker":{"template":{"metadata":{"labels":{"a":"b"}},"spec":{` +
	`"volumes":[{"name":"a","emptyDir":{"sizeLimit":"1Gi"}}],"tolerations":[{"key":"a"}],` +
	`"containers":[{"name":"mpi","resources":{"limits":{"cpu":"1"}}}]}}}}}}`

func TestUnknownChanges(t *testing.T) {
	const template = "spec.mpiReplicaSpecs[Worker].template"
	for name, test := range map[string]struct {
		replace, by string
		want        []string
	}{
		"nothing":                   {`"a"`, `"a"`, nil},
		"a field of the spec":       {`"runPolicy"`, `"future":1,"runPolicy"`, []string{"spec.future"}},
		"a field of a pod":          {`"volumes"`, `"workloadRef":{"name":"x"},"volumes"`, []string{template + ".spec.workloadRef"}},
		"a field of its metadata":   {`"labels"`, `"future":1,"labels"`, []string{template + ".metadata.future"}},
		"a field of a container":    {`"resources"`, `"future":1,"resources"`, []string{template + ".spec.containers[0].future"}},
		"a field of its resources":  {`"limits"`, `"future":1,"limits"`, []string{template + ".spec.containers[0].resources.future"}},
		"a kind of a volume":        {`"emptyDir"`, `"future":{},"emptyDir"`, []string{template + ".spec.volumes[0].future"}},
		"a known field":             {`"mpi"`, `"other"`, nil},
		"a resource":                {`"cpu"`, `"example.com/future"`, nil},
		"how a job is run":          {`"future":1`, `"future":2`, nil},
		"where a job is run":        {`"key":"a"`, `"key":"a","future":1`, nil},
		"another case of a known":   {`"emptyDir"`, `"EmptyDir":{},"emptyDir"`, []string{template + ".spec.volumes[0].EmptyDir"}},
		"a field of a known object": {`"sizeLimit"`, `"future":1,"sizeLimit"`, []string{template + ".spec.volumes[0].emptyDir.future"}},
	} {
		updated := strings.Replace(futureWorker, test.replace, test.by, 1)
		if diff := cmp.Diff(test.want, UnknownChanges([]byte(futureWorker), []byte(updated))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(test.want, UnknownChanges([]byte(updated), []byte(futureWorker))); diff != "" {
			t.Errorf("%s, taken away (-want +got):\n%s", name, diff)
		}
	}
}

// No field of the Go types is unknown.
func TestKnownFieldsAreKnown(t *testing.T) {
	fill := randfill.NewWithSeed(1).NilChance(0).NumElements(1, 1).MaxDepth(30).Funcs(
		func(*metav1.FieldsV1, randfill.Continue) {},
	)
	job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Both(func(template *corev1.PodTemplateSpec) {
		fill.Fill(&template.Spec)
	}).Job(func(job *v2beta1.MPIJob) { fill.Fill(&job.Spec.SlotsPerWorker) }).Obj()
	raw, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) < 20_000 {
		t.Errorf("the job has only %d bytes", len(raw))
	}
	for _, path := range UnknownChanges(raw, []byte(`{}`)) {
		t.Errorf("%s is unknown", path)
	}
}

// What is not JSON ends the reading.
func TestUnknownFieldsOfNoJSON(t *testing.T) {
	for _, raw := range []string{"", "{", "[]", `{"spec":nul}`, `{"spec":{"a":nul}}`, `{"spec":{"mpiReplicaSpecs":{"Worker":{"template"`, `{"spec":[{]}`, "\xff"} {
		if changed := UnknownChanges([]byte(raw), []byte(`{"spec":{"future":1}}`)); len(changed) == 0 {
			t.Errorf("%q has the field of another", raw)
		}
	}
}
