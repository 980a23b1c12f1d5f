// Package randomjob makes MPIJobs of random bytes, as a fuzzer has them. The bytes are a small program:
// a plain job is edited, a few bytes an edit, until they run out. So no byte is the plain job, which is
// admitted, and an input that shows something is short when the fuzzer has minimized it.
package randomjob

import (
	"maps"
	"math/rand"
	"reflect"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/randfill"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// New is the job of the bytes.
func New(data []byte) *v2beta1.MPIJob {
	job := mpijobtest.MakeMPIJob("job", "runai-team-a").Obj()
	Edit(job, data)
	return job
}

// Edit changes a job as the bytes say.
func Edit(job *v2beta1.MPIJob, data []byte) {
	bytes := &source{left: data}
	random := rand.New(bytes)
	e := editor{random, randfill.New().RandSource(bytes).NilChance(0.5).NumElements(1, 2).Funcs(values...), job}
	for len(bytes.left) > 0 {
		pick(e, edits)(e)
	}
}

// An editor makes one edit after the other.
type editor struct {
	*rand.Rand
	filler *randfill.Filler
	job    *v2beta1.MPIJob
}

var edits = slices.Concat(jobEdits, podEdits, containerEdits, volumeEdits)

func pick[T any](e editor, from []T) T { return from[e.Intn(len(from))] }

// often picks what is usual, and now and then what is odd: what is odd alone shows what it does.
func often[T any](e editor, usual, odd []T) T {
	if e.Intn(8) == 7 {
		return pick(e, odd)
	}
	return pick(e, usual)
}

// fill fills one of several values.
func (e editor) fill(one ...any) { e.filler.Fill(pick(e, one)) }

// fillField fills any field of a structure, also one that Kubernetes does not have yet.
func (e editor) fillField(structure any) {
	all := reflect.ValueOf(structure).Elem()
	field := all.Field(e.Intn(all.NumField()))
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	e.filler.Fill(field.Addr().Interface())
}

// template is that of any role.
func (e editor) template() *corev1.PodTemplateSpec {
	specs := maps.Clone(e.job.Spec.MPIReplicaSpecs)
	maps.DeleteFunc(specs, func(_ v2beta1.MPIReplicaType, spec *v2beta1.ReplicaSpec) bool { return spec == nil })
	if len(specs) == 0 {
		return &corev1.PodTemplateSpec{} // of nothing
	}
	return &specs[pick(e, slices.Sorted(maps.Keys(specs)))].Template
}

// container is any of any role.
func (e editor) container() *corev1.Container {
	template := e.template()
	containers, initContainers := template.Spec.Containers, template.Spec.InitContainers
	if len(containers)+len(initContainers) == 0 {
		return &corev1.Container{} // of nothing
	}
	i := e.Intn(len(containers) + len(initContainers))
	if i < len(containers) {
		return &containers[i]
	}
	return &initContainers[i-len(containers)]
}
