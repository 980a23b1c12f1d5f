package server

import (
	"bytes"
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// A job that was stored before the webhook was installed, and that cannot be decoded, can be deleted.
func TestUndecodableJobsLoseTheirFinalizers(t *testing.T) {
	m := mutator()
	job := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Limit("Worker", "cpu", "1").Obj())
	for _, test := range []struct{ name, from, to string }{
		{"a tiny quantity", `"cpu":"1"`, `"cpu":"1e-9999"`},
		{"a number as a text", `"image":"example/mpi"`, `"image":1`},
		{"a field twice", `"image":"example/mpi"`, `"image":"example/mpi","image":"b"`},
	} {
		stored := bytes.ReplaceAll(job, []byte(test.from), []byte(test.to))
		if bytes.Equal(job, stored) {
			t.Fatal(string(job))
		}
		with := bytes.Replace(stored, []byte(`"metadata":{`), []byte(`"metadata":{"finalizers":["example.com/a"],`), 1)
		other := bytes.Replace(stored, []byte(`"name":"dist1"`), []byte(`"name":"dist1","labels":{"a":"b"}`), 1)
		spec := bytes.Replace(stored, []byte(`"runPolicy":{`), []byte(`"mpiImplementation":"Intel","runPolicy":{`), 1)
		for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
			t.Run(fmt.Sprintf("%s/%T", test.name, handler), func(t *testing.T) {
				if response, _ := answer(handler, updateReview(t, with, stored)); !response.Allowed {
					t.Errorf("refused: %s", response.Result.Message)
				}
				for _, changed := range [][]byte{other, spec} {
					if response, _ := answer(handler, updateReview(t, with, changed)); response.Allowed {
						t.Errorf("allowed: %s", changed)
					}
				}
			})
		}
	}
}
