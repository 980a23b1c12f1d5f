package patch

import (
	"math/rand"
	"reflect"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// A mutation makes random changes of the kinds that a policy may make.
type mutation struct {
	random  *rand.Rand
	filler  *randfill.Filler
	removes bool
}

func newMutation(seed int64, removes bool) mutation {
	source := rand.NewSource(seed)
	filler := randfill.New().RandSource(source).NilChance(0.8).NumElements(1, 2).Funcs(
		func(q *resource.Quantity, c randfill.Continue) {
			*q = *resource.NewMilliQuantity(c.Int63n(1e6), resource.DecimalSI)
		},
		func(t *metav1.Time, c randfill.Continue) { t.Time = time.Unix(c.Int63n(1e9), 0) },
		func(i *intstr.IntOrString, c randfill.Continue) { *i = intstr.FromInt32(c.Int31()) },
		func(f *metav1.FieldsV1, c randfill.Continue) {
			f.SetRawBytes([]byte(`{"f:` + string(rune('a'+c.Intn(26))) + `":{}}`))
		},
		func(l *corev1.ResourceList, c randfill.Continue) { // a pointer to a nil one cannot be written as JSON
			*l = corev1.ResourceList{"cpu": *resource.NewQuantity(c.Int63n(100), resource.DecimalSI)}
		},
	)
	return mutation{rand.New(source), filler, removes}
}

func (m mutation) job() *v2beta1.MPIJob {
	job := &v2beta1.MPIJob{}
	m.filler.Fill(job)
	job.Spec.MPIReplicaSpecs = map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec{}
	for _, role := range []v2beta1.MPIReplicaType{v2beta1.MPIReplicaTypeLauncher, v2beta1.MPIReplicaTypeWorker} {
		spec := &v2beta1.ReplicaSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: make([]corev1.Container, 2)}}}
		m.filler.Fill(&spec.Template.ObjectMeta)
		for i := range spec.Template.Spec.Containers {
			m.filler.Fill(&spec.Template.Spec.Containers[i])
		}
		m.filler.Fill(&spec.Template.Spec.Volumes)
		m.filler.Fill(&spec.Template.Spec.Affinity)
		job.Spec.MPIReplicaSpecs[role] = spec
	}
	return job
}

func (m mutation) oneIn(n int) bool { return m.random.Intn(n) == 0 }

func (m mutation) change(value reflect.Value) {
	switch kind := value.Kind(); {
	case kind == reflect.Pointer && value.IsNil():
		m.filler.Fill(value.Addr().Interface())
	case kind == reflect.Pointer && m.removes && m.oneIn(3):
		value.SetZero()
	case kind == reflect.Pointer:
		m.change(value.Elem())
	case isLeaf(value.Type()):
		m.filler.Fill(value.Addr().Interface())
	case kind == reflect.Struct:
		m.changeFields(value, -1)
	case kind == reflect.Map:
		m.changeMap(value)
	case m.removes && m.oneIn(3):
		m.shorten(value)
	default:
		m.changeList(value)
	}
}

func (m mutation) changeFields(value reflect.Value, except int) {
	for i := range value.NumField() {
		if i != except && (m.oneIn(8) || !value.Field(i).IsZero() && !m.oneIn(4)) {
			m.change(value.Field(i))
		}
	}
}

func (m mutation) changeMap(value reflect.Value) {
	for _, key := range keysOf(value, value) {
		changed := reflect.New(value.Type().Elem()).Elem()
		changed.Set(value.MapIndex(key))
		if m.removes && m.oneIn(4) {
			value.SetMapIndex(key, reflect.Value{})
			continue
		}
		if changed.Kind() == reflect.Pointer && !changed.IsNil() {
			m.change(changed.Elem())
		} else if isLeaf(changed.Type()) {
			m.change(changed)
		}
		value.SetMapIndex(key, changed)
	}
	more := reflect.New(value.Type())
	m.filler.Fill(more.Interface())
	if value.IsNil() {
		value.Set(more.Elem())
		return
	}
	for _, key := range more.Elem().MapKeys() {
		if !value.MapIndex(key).IsValid() {
			value.SetMapIndex(key, more.Elem().MapIndex(key))
		}
	}
}

// changeList does not change the names of elements.
func (m mutation) changeList(value reflect.Value) {
	for i := range value.Len() {
		if element := value.Index(i); m.oneIn(2) && element.Kind() == reflect.Struct && !isLeaf(element.Type()) {
			m.changeFields(element, planOf(element.Type()).name)
		} else if m.oneIn(2) && element.Kind() != reflect.Struct {
			m.change(element)
		}
	}
	more := reflect.New(value.Type())
	m.filler.Fill(more.Interface())
	value.Set(reflect.AppendSlice(value, more.Elem()))
}

func (m mutation) shorten(value reflect.Value) {
	kept := reflect.Zero(value.Type())
	for i := range value.Len() {
		if m.oneIn(2) {
			kept = reflect.Append(kept, value.Index(i))
		}
	}
	value.Set(kept)
}
