// Package randomjob makes MPIJobs from a fuzzer's bytes. The bytes are a small program: each edit of a plain
// job takes a few of them, until they run out. No bytes make the plain job, which is admitted, and an input
// that finds something is short after the fuzzer has minimized it.
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

// New returns the job that the bytes describe.
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

// An editor edits a job by random choices.
type editor struct {
	*rand.Rand
	filler *randfill.Filler
	job    *v2beta1.MPIJob
}

var edits = slices.Concat(jobEdits, podEdits, containerEdits, volumeEdits)

func pick[T any](e editor, from []T) T { return from[e.Intn(len(from))] }

// often picks a usual value, and an odd one now and then: an odd value must be the only one in a
// job to show its effect.
func often[T any](e editor, usual, odd []T) T {
	if e.Intn(8) == 7 {
		return pick(e, odd)
	}
	return pick(e, usual)
}

// fill fills a random one of several values.
func (e editor) fill(one ...any) { e.filler.Fill(pick(e, one)) }

// fillField fills a random field of a structure, including fields that later versions of Kubernetes add.
func (e editor) fillField(structure any) {
	all := reflect.ValueOf(structure).Elem()
	field := all.Field(e.Intn(all.NumField()))
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	e.filler.Fill(field.Addr().Interface())
}

// template returns the pod template of a random role.
func (e editor) template() *corev1.PodTemplateSpec {
	specs := maps.Clone(e.job.Spec.MPIReplicaSpecs)
	maps.DeleteFunc(specs, func(_ v2beta1.MPIReplicaType, spec *v2beta1.ReplicaSpec) bool { return spec == nil })
	if len(specs) == 0 {
		return &corev1.PodTemplateSpec{} // belongs to no job
	}
	return &specs[pick(e, slices.Sorted(maps.Keys(specs)))].Template
}

// container returns a random container of a random role.
func (e editor) container() *corev1.Container {
	template := e.template()
	containers, initContainers := template.Spec.Containers, template.Spec.InitContainers
	if len(containers)+len(initContainers) == 0 {
		return &corev1.Container{} // belongs to no job
	}
	i := e.Intn(len(containers) + len(initContainers))
	if i < len(containers) {
		return &containers[i]
	}
	return &initContainers[i-len(containers)]
}
