package patch

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// seeds is the number of random jobs for each property.
const seeds = 300

// randomRaw returns a job with unknown fields, in which null, {} or nothing stands for an empty value.
func (m mutation) randomRaw(t *testing.T) []byte {
	t.Helper()
	var tree any
	if err := json.Unmarshal(marshal(t, m.job()), &tree); err != nil {
		t.Fatal(err)
	}
	m.disturb(tree, reflect.TypeFor[v2beta1.MPIJob](), new(int))
	return marshal(t, tree)
}

func (m mutation) patch(t *testing.T, raw []byte) ([]Operation, *v2beta1.MPIJob) {
	t.Helper()
	before := decode(t, raw)
	after := before.DeepCopy()
	m.change(reflect.ValueOf(after).Elem())
	operations, err := Between(before, after, raw)
	if err != nil {
		t.Fatal(err)
	}
	return operations, after
}

func TestUnknownFieldsStayWhereTheyWere(t *testing.T) {
	for seed := range int64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newMutation(seed, false)
			raw := m.randomRaw(t)
			operations, after := m.patch(t, raw)
			want, got := unknownIn(t, raw), unknownIn(t, checkApplied(t, raw, operations, after))
			if seed < 10 {
				t.Log(len(raw), len(want), len(operations))
			}
			if !reflect.DeepEqual(want, got) {
				t.Errorf("want %v\ngot %v\n%s", want, got, written(t, operations))
			}
		})
	}
}

func TestUnknownFieldsGoOnlyWithWhatIsRemoved(t *testing.T) {
	for seed := range int64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newMutation(seed, true)
			raw := m.randomRaw(t)
			operations, after := m.patch(t, raw)
			got := unknownIn(t, checkApplied(t, raw, operations, after))
			for number, path := range unknownIn(t, raw) {
				if _, ok := got[number]; ok == isRemoved(path, operations) {
					t.Errorf("unknown field %v of %s, still there: %t\n%s", number, path, ok, written(t, operations))
				}
			}
		})
	}
}

func isRemoved(path string, operations []Operation) bool {
	for _, operation := range operations {
		if operation.Op == opRemove && strings.HasPrefix(path+"/", operation.Path+"/") {
			return true
		}
	}
	return false
}

func TestPatchesAreDeterministic(t *testing.T) {
	for seed := range int64(seeds) {
		before, after := newMutation(seed, true).job(), newMutation(seed, true).job()
		newMutation(seed, true).change(reflect.ValueOf(after).Elem())
		raw := marshal(t, before)
		first, _ := Between(before, after, raw)
		second, _ := Between(before, after, raw)
		if string(written(t, first)) != string(written(t, second)) {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzBetween changes any JSON that decodes as an MPIJob.
func FuzzBetween(f *testing.F) {
	for i, raw := range []string{ // short, because the fuzzer spends its time on shortening long ones
		`{}`,
		`{"metadata":null,"spec":{"mpiReplicaSpecs":{"a~1/b":null}}}`,
		`{"spec":{"mpiReplicaSpecs":{"\u0057orker":{"template":{"spec":{"x":[{"}":"]\""}],"tolerations":[null,{}]}}}}}`,
		`{"spec":{"mpiReplicaSpecs":{"A":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"B"}],"resources":{"x":1}}]}}}}}}`,
	} {
		f.Add([]byte(raw), int64(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed int64, removes bool) {
		if jsonv2.Unmarshal(raw, &v2beta1.MPIJob{}) != nil || raw[0] != '{' {
			return
		}
		operations, after := newMutation(seed, removes).patch(t, raw)
		checkApplied(t, raw, operations, after)
	})
}
