package patch

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// sameJSON fails if a text is not the JSON of a value as encoding/json writes it.
func sameJSON(t *testing.T, value any, text []byte) {
	t.Helper()
	var want, got any
	if err := json.Unmarshal(marshal(t, value), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s: %s", err, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-encoding/json +ours):\n%s", diff)
	}
}

// A job is written as encoding/json writes it, and so is each part of it.
func TestFormsWriteAsEncodingJSON(t *testing.T) {
	for seed := range int64(seeds) {
		job := newMutation(seed, true).job()
		of := formOf(reflect.TypeFor[v2beta1.MPIJob]())
		text, err := of.append(nil, unsafe.Pointer(job))
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, job, text)
		operations := []Operation{
			{Op: opAdd, Path: "/a~1b", Value: job.Spec.MPIReplicaSpecs}, {Op: opReplace, Path: "/\u2028\"", Value: job.Annotations},
			{Op: opMove, From: "/a", Path: "/b"}, {Op: opAdd, Path: "", Value: &job.Spec}, {Op: opAdd, Path: "/c", Value: fmt.Sprint(seed)},
			{Op: opAdd, Path: "/d", Value: seed}, {Op: opAdd, Path: "/e", Value: map[string]json.RawMessage{"x": json.RawMessage(`{"y":[]}`)}},
			{Op: opRemove, Path: "/f"}, {Op: opAdd, Path: "/g", Value: float64(seed) / 3}, {Op: opAdd, Path: "/h", Value: []byte("abc")},
			{Op: opAdd, Path: "/i", Value: &job.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers},
		}
		sameJSON(t, operations, written(t, operations))
	}
	if text := string(written(t, nil)); text != "[]" {
		t.Errorf("got %s", text)
	}
}

// A type may contain itself.
func TestFormsOfTrees(t *testing.T) {
	type tree struct {
		Name     string           `json:"name"`
		Left     *tree            `json:"left,omitempty"`
		Others   []tree           `json:"others,omitempty"`
		ByName   map[string]*tree `json:"byName,omitempty"`
		Whatever any              `json:"whatever,omitzero"`
	}
	grown := tree{Name: "a", Left: &tree{Name: "b"}, Others: []tree{{Name: "c", Others: []tree{}}}, ByName: map[string]*tree{"d": nil}}
	operations := []Operation{{Op: opAdd, Path: "/a", Value: grown}}
	sameJSON(t, operations, written(t, operations))
}

// Every type in a job has a form that does not use reflection for each value, except for those that write themselves,
// so that a new type in Kubernetes is noticed.
func TestFormsOfJobsAreCompiled(t *testing.T) {
	made := formsInTheMaking{}
	made.of(reflect.TypeFor[v2beta1.MPIJob]())
	var others []string
	for typ := range made {
		if typ.Kind() == reflect.Struct && !writesItself(typ) {
			if places, known := made.placesOf(typ, 0); !known || repeats(places) {
				others = append(others, typ.String())
			}
		}
	}
	if len(made) < 200 || len(others) > 0 {
		t.Errorf("%d types; these are compared by reflection: %q", len(made), others)
	}
}

// What is the same is equal, and almost every copy is the same: only managed fields and a status are compared otherwise.
func TestSameIsEqual(t *testing.T) {
	of, copies, differ := formOf(reflect.TypeFor[v2beta1.MPIJob]()), 0, 0
	for seed := range int64(seeds) {
		job := newMutation(seed, true).job()
		job.ManagedFields, job.Status = nil, v2beta1.JobStatus{}
		for _, spec := range job.Spec.MPIReplicaSpecs {
			spec.Template.ManagedFields = nil
		}
		other := job.DeepCopy()
		if of.same(unsafe.Pointer(job), unsafe.Pointer(other)) {
			copies++
		}
		newMutation(seed, true).changeFields(reflect.ValueOf(other).Elem().FieldByName("Spec"), -1)
		equal := equality.Semantic.DeepEqual(job, other)
		if !equal {
			differ++
		}
		if !equal && of.same(unsafe.Pointer(job), unsafe.Pointer(other)) {
			t.Fatalf("seed %d: %s", seed, cmp.Diff(job, other))
		}
	}
	if copies < seeds*9/10 || differ < seeds/2 {
		t.Errorf("of %d jobs, %d copies are the same, and %d changed ones differ", seeds, copies, differ)
	}
}

// A change of any single value of a job is seen.
func TestSameSeesEachValue(t *testing.T) {
	of := formOf(reflect.TypeFor[v2beta1.MPIJob]())
	job := newMutation(1, false).job()
	for seed := range int64(20) {
		newMutation(seed, false).change(reflect.ValueOf(job).Elem())
	}
	other := job.DeepCopy()
	changes := 0
	eachLeaf(reflect.ValueOf(other).Elem(), func(leaf reflect.Value) {
		was := reflect.New(leaf.Type()).Elem()
		was.Set(leaf)
		defer leaf.Set(was)
		switch leaf.Kind() {
		case reflect.String:
			leaf.SetString(leaf.String() + "x")
		case reflect.Bool:
			leaf.SetBool(!leaf.Bool())
		case reflect.Int32, reflect.Int64:
			leaf.SetInt(leaf.Int() + 1)
		default:
			return
		}
		if changes++; of.same(unsafe.Pointer(job), unsafe.Pointer(other)) {
			t.Errorf("a changed %s is not seen", leaf.Type())
		}
	})
	if t.Logf("%d values", changes); changes < 400 {
		t.Errorf("only %d values are changed", changes)
	}
}

func eachLeaf(value reflect.Value, visit func(reflect.Value)) {
	switch kind := value.Kind(); {
	case kind == reflect.Pointer && !value.IsNil():
		eachLeaf(value.Elem(), visit)
	case kind == reflect.Struct && !isLeaf(value.Type()):
		for _, member := range planOf(value.Type()).members {
			eachLeaf(value.Field(member.index), visit)
		}
	case kind == reflect.Slice && !isLeaf(value.Type()):
		for i := range value.Len() {
			eachLeaf(value.Index(i), visit)
		}
	case kind == reflect.Map && value.Type().Elem().Kind() == reflect.Pointer:
		for _, key := range value.MapKeys() {
			eachLeaf(value.MapIndex(key), visit)
		}
	default:
		if value.CanSet() {
			visit(value)
		}
	}
}

// FuzzText writes any text as encoding/json reads it.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "a", "\"\\\n\t\r\b\f\x00\x1f\x7f", "ä\u2028<>&", "\xff", "12345678\"", "1234567\\9", "\x80\xffxxxxxx\x01"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for range 9 { // at each offset within eight bytes
			var want, got string
			if err := json.Unmarshal(marshal(t, text), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(appendText(nil, text), &got); err != nil || got != want {
				t.Errorf("%q becomes %q, error %v", want, got, err)
			}
			text = "x" + text
		}
	})
}
