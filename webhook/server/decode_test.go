package server

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestUndecodableFieldsAreNamed(t *testing.T) {
	const worker = "spec.mpiReplicaSpecs[Worker].template.spec."
	for _, test := range []struct {
		name, json string
		want       []string
	}{
		{"a number in quotes", `{"spec":{"slotsPerWorker":"two"}}`, []string{`spec.slotsPerWorker: Invalid value: "\"two\"": must be a whole number, without quotes`}},
		{"a bad quantity", `{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}}}}}}`,
			[]string{worker + `containers[0].resources.limits[cpu]: Invalid value: "\"lots\"": must be a quantity, for example 500m, 2 or 4Gi`}},
		{"a list instead of an object", `{"spec":{"mpiReplicaSpecs":[]}}`, []string{"spec.mpiReplicaSpecs: "}},
		{"an object instead of a list", `{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"containers":{}}}}}}}`, []string{worker + "containers: Invalid value: \"{}\": must be a list"}},
		{"a boolean in quotes", `{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"hostNetwork":"yes"}}}}}}`, []string{worker + "hostNetwork: Invalid value: \"\\\"yes\\\"\": must be true or false"}},
		{"an annotation that is a number", `{"metadata":{"annotations":{"run.ai/gpu":1}}}`, []string{`metadata.annotations[run.ai/gpu]: Invalid value: "1": must be a string, in quotes`}},
		{"a field of an embedded type", `{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"volumes":[{"name":"a","hostPath":{"path":1}}]}}}}}}`,
			[]string{worker + `volumes[0].hostPath.path: Invalid value: "1": must be a string, in quotes`}},
		{"a time", `{"metadata":{"creationTimestamp":"now"}}`, []string{`metadata.creationTimestamp: Invalid value: "\"now\"": must be a time`}},
		{"an inline field", `{"spec":{"runPolicy":{"backoffLimit":"1"}}}`, []string{"spec.runPolicy.backoffLimit: "}},
		{"several", `{"metadata":{"annotations":{"run.ai/gpu":1}},"spec":{"slotsPerWorker":"two"}}`, []string{"metadata.annotations[run.ai/gpu]: ", "spec.slotsPerWorker: "}},
		{"no object", `[]`, []string{`spec: Invalid value: "": must be an MPIJob as a JSON object`}},
		{"no JSON", `{`, []string{`spec: Invalid value: "": must be valid JSON: unexpected EOF`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode([]byte(test.json))
			if !apierrors.IsInvalid(err) {
				t.Fatalf("got %v", err)
			}
			var status *apierrors.StatusError
			if !errors.As(err, &status) || len(status.ErrStatus.Details.Causes) != len(test.want) {
				t.Fatalf("got %v, want %d causes", err, len(test.want))
			}
			for i, cause := range status.ErrStatus.Details.Causes {
				if line := cause.Field + ": " + cause.Message; !strings.HasPrefix(line, test.want[i]) {
					t.Errorf("got  %s\nwant %s", line, test.want[i])
				}
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"spec":{"slotsPerWorker":"two"}}`))
	f.Add([]byte(`{"spec":{"mpiReplicaSpecs":{"Worker":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		job, err := Decode(data)
		if (job == nil) == (err == nil) {
			t.Errorf("job %v with error %v", job, err)
		}
		if err != nil && !apierrors.IsInvalid(err) {
			t.Errorf("got %v", err)
		}
	})
}
