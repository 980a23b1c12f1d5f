// Package perturbed makes MPIJobs that the API server nearly accepts. It takes a job in which nearly every field of
// a pod is set to something valid, and a fuzzer's bytes change a few places: a value, an element of a list, or
// whether there is one at all. This exercises each rule of pod validation, mostly one at a time.
package perturbed

import (
	"reflect"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// New returns the job that the bytes describe. The first chooses the job that is changed, and every three more
// bytes one change.
func New(data []byte) *v2beta1.MPIJob {
	bytes := &source{data}
	job := Bases()[bytes.next(4)]
	for len(bytes.left) > 0 {
		change(job, bytes)
	}
	return job
}

// Bases returns the jobs that are changed. The API server accepts each of them.
func Bases() []*v2beta1.MPIJob {
	plain := func() mpijobtest.Builder { return mpijobtest.MakeMPIJob("job", "runai-team-a") }
	return []*v2beta1.MPIJob{
		plain().Both(fill).Obj(),
		plain().Both(fillOnNode).Obj(),
		plain().Both(fillVolumes).Obj(),
		plain().Obj(),
	}
}

// A source returns the fuzzer's bytes, and zeros when none are left.
type source struct{ left []byte }

func (s *source) next(below int) int {
	if len(s.left) == 0 || below <= 0 {
		return 0
	}
	value := int(s.left[0])
	s.left = s.left[1:]
	return value % below
}

// change changes one place of a template, or now and then of the rest of the job.
func change(job *v2beta1.MPIJob, bytes *source) {
	first := bytes.next(256)
	roots := []any{
		&job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template,
		&job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Template,
	}
	var places []reflect.Value
	if first < 4 {
		changeJob(job, bytes)
		return
	}
	collect(reflect.ValueOf(roots[first%2]).Elem(), &places)
	place := places[(first/2+128*bytes.next(256))%len(places)]
	choose(place, bytes)
}

func changeJob(job *v2beta1.MPIJob, bytes *source) {
	one := func(texts ...string) string { return texts[bytes.next(len(texts))] }
	switch bytes.next(4) {
	case 0:
		job.Spec.SSHAuthMountPath = one("/root/.ssh", "/etc/mpi", "/keys", "/data", "/dev/disk", "keys", "/keys/")
	case 1:
		for _, spec := range job.Spec.MPIReplicaSpecs {
			spec.RestartPolicy = v2beta1.RestartPolicy(one("Never", "OnFailure", "Always", "ExitCode", ""))
		}
	case 2:
		job.Spec.MPIImplementation = v2beta1.MPIImplementation(one("OpenMPI", "Intel", "MPICH"))
	case 3:
		job.Name = one("job", "a-longer-name", "x234567890123456789012345678901234567890123456789012345")
	}
}

// collect adds every place below a value that can be changed.
func collect(value reflect.Value, places *[]reflect.Value) {
	if own := value.Type(); own == quantityType || own == intOrStringType || own == timeType {
		*places = append(*places, value)
		return
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() && value.Type().Field(i).Name != "ManagedFields" {
				collect(value.Field(i), places)
			}
		}
	case reflect.Pointer:
		*places = append(*places, value)
		if !value.IsNil() {
			collect(value.Elem(), places)
		}
	case reflect.Slice:
		*places = append(*places, value)
		if value.Type().Elem().Kind() != reflect.Uint8 {
			for i := range value.Len() {
				collect(value.Index(i), places)
			}
		}
	default:
		*places = append(*places, value)
	}
}

var (
	quantityType    = reflect.TypeFor[resource.Quantity]()
	intOrStringType = reflect.TypeFor[intstr.IntOrString]()
	timeType        = reflect.TypeFor[metav1.Time]()
)

// choose gives a place another value.
func choose(place reflect.Value, bytes *source) {
	switch place.Type() {
	case quantityType:
		place.Set(reflect.ValueOf(resource.MustParse(quantities[bytes.next(len(quantities))])))
		return
	case intOrStringType:
		ports := []intstr.IntOrString{intstr.FromInt32(80), intstr.FromInt32(0), intstr.FromInt32(70000), intstr.FromString("http"),
			intstr.FromString("Not_a-port"), intstr.FromString("")}
		place.Set(reflect.ValueOf(ports[bytes.next(len(ports))]))
		return
	case timeType:
		return
	}
	switch place.Kind() {
	case reflect.String:
		known := texts
		if own := enums[place.Type()]; own != nil && bytes.next(4) > 0 {
			known = own
		}
		place.SetString(known[bytes.next(len(known))])
	case reflect.Bool:
		place.SetBool(!place.Bool())
	case reflect.Int32, reflect.Int64, reflect.Int:
		number := numbers[bytes.next(len(numbers))]
		if place.OverflowInt(number) {
			number = 1<<31 - 1
		}
		place.SetInt(number)
	case reflect.Pointer:
		if !place.IsNil() && bytes.next(2) == 0 {
			place.SetZero()
			return
		}
		fresh := reflect.New(place.Type().Elem())
		place.Set(fresh)
		if kind := fresh.Elem().Kind(); kind != reflect.Struct && kind != reflect.Pointer {
			choose(fresh.Elem(), bytes)
		}
	case reflect.Slice:
		chooseList(place, bytes)
	case reflect.Map:
		chooseMap(place, bytes)
	}
}

// chooseList appends an element, empty or a copy of another, or takes one away.
func chooseList(list reflect.Value, bytes *source) {
	if list.Type().Elem().Kind() == reflect.Uint8 {
		return
	}
	switch how := bytes.next(4); {
	case how == 0 && list.Len() > 0:
		copied := reflect.New(list.Type()).Elem()
		copied.Set(reflect.AppendSlice(reflect.MakeSlice(list.Type(), 0, 0), list))
		list.Set(reflect.Append(copied, list.Index(bytes.next(list.Len()))))
	case how == 1 && list.Len() > 0:
		list.Set(list.Slice(0, list.Len()-1))
	case how == 2:
		list.SetZero()
	default:
		element := reflect.New(list.Type().Elem()).Elem()
		if element.Kind() != reflect.Struct && element.Kind() != reflect.Pointer {
			choose(element, bytes)
		}
		list.Set(reflect.Append(list.Slice3(0, list.Len(), list.Len()), element))
	}
}

// chooseMap sets or removes an entry.
func chooseMap(entries reflect.Value, bytes *source) {
	keys := entries.MapKeys()
	if len(keys) > 0 && bytes.next(4) == 0 {
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmpText(a.String(), b.String()) })
		entries.SetMapIndex(keys[bytes.next(len(keys))], reflect.Value{})
		return
	}
	if entries.IsNil() {
		entries.Set(reflect.MakeMap(entries.Type()))
	}
	key, value := reflect.New(entries.Type().Key()).Elem(), reflect.New(entries.Type().Elem()).Elem()
	names := append(slices.Clone(annotationKeys), texts...)
	if entries.Type() == reflect.TypeFor[corev1.ResourceList]() {
		names = resourceNames
	}
	key.SetString(names[bytes.next(len(names))])
	choose(value, bytes)
	entries.SetMapIndex(key, value)
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
