package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// A Change is what an update makes of a stored job.
type Change int

const (
	// Allowed may be stored as it is: what runs, and as whom, stays.
	Allowed Change = iota
	// Restorable is the job as it was before the policies changed it: somebody applied her manifest
	// again. The stored job stays.
	Restorable
	// Refused would change what runs.
	Refused
)

// Judge tells what an update is, by one rule for users and controllers alike, and of one that is
// refused where it changes what runs. Authority is the stored job: neither today's policy nor the
// updater's identity make anything of it. project is asked only for an update that is more than a
// controller's.
func (a Admitter) Judge(stored, updated *v2beta1.MPIJob, project func() (*v1alpha1.Project, error)) (Change, []string, error) {
	if equality.Semantic.DeepEqual(a.governed(stored), a.governed(updated)) {
		return Allowed, nil, nil
	}
	stamp, _ := annotations.ParseStamp(stored.Annotations) // nobody speaks for a job without a stamp that can be read
	if stamp == nil || forges(stored, updated) {
		return Refused, a.differences(stored, updated), nil
	}
	owner, err := project()
	if err != nil {
		return Refused, nil, err
	}
	again := updated.DeepCopy()
	if _, errs := a.readmit(again, owner, stamp); len(errs) > 0 {
		return Refused, a.differences(stored, updated), nil
	}
	again.Annotations[annotations.AppliedPoliciesKey] = stored.Annotations[annotations.AppliedPoliciesKey] // another version may have judged it
	if equality.Semantic.DeepEqual(a.governed(stored), a.governed(again)) {
		return Restorable, nil, nil
	}
	return Refused, a.differences(stored, again), nil
}

// forges tells whether an update writes what only the webhook writes. A manifest that says nothing of
// it is no forgery.
func forges(stored, updated *v2beta1.MPIJob) bool {
	return slices.ContainsFunc([]string{annotations.SubmittedByKey, annotations.AppliedPoliciesKey}, func(key string) bool {
		value, present := updated.Annotations[key]
		return present && value != stored.Annotations[key]
	})
}

// readmit runs the chain with the identity that the job was admitted with, whoever is asking now.
func (a Admitter) readmit(job *v2beta1.MPIJob, project *v1alpha1.Project, stamp *annotations.Stamp) ([]string, field.ErrorList) {
	intent, errs := annotations.Parse(job.Annotations)
	in := Input{Intent: intent, Project: project, Cluster: a.Cluster, Identity: stamp.Identity}
	user := authenticationv1.UserInfo{Username: stamp.Username, UID: stamp.UserUID}
	return a.apply(job, in, user, errs)
}

// governed is the part of a job that nobody may change: all but what queues and schedulers steer a job
// by. It is a copy as deep as the changes in it.
func (a Admitter) governed(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	part := &v2beta1.MPIJob{Spec: *job.Spec.DeepCopy()}
	part.Spec.RunPolicy = v2beta1.RunPolicy{}
	part.Annotations = filtered(job.Annotations, IsOurs)
	part.Labels = filtered(job.Labels, a.IsGovernedLabel)
	for _, role := range part.Spec.MPIReplicaSpecs {
		if role == nil {
			continue
		}
		role.Replicas = nil
		role.Template.Labels = filtered(role.Template.Labels, a.IsGovernedLabel)
		role.Template.Annotations = filtered(role.Template.Annotations, IsOurs)
		role.Template.Spec.NodeSelector, role.Template.Spec.Tolerations = nil, nil
		role.Template.Spec.SchedulingGates = ownGate(role.Template.Spec.SchedulingGates)
	}
	return part
}

func filtered(all map[string]string, keep func(key string) bool) map[string]string {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(key, _ string) bool { return !keep(key) })
	return kept
}

// IsOurs is true for annotations that say what runs, or that the policies write.
func IsOurs(key string) bool {
	return strings.HasPrefix(key, annotations.Prefix) || strings.HasPrefix(key, annotations.FilesPrefix) || key == kaiFraction || key == kaiMemory || loosens(key)
}

// IsGovernedLabel is true for labels that say in which queue a job is, and how important it is there.
func (a Admitter) IsGovernedLabel(key string) bool {
	return key == annotations.InteractivePriorityLabel || key == a.Cluster.Scheduling.QueueLabel
}

// ownGate keeps the gate of a job that was not admitted; all others are their controllers'.
func ownGate(gates []corev1.PodSchedulingGate) []corev1.PodSchedulingGate {
	own := corev1.PodSchedulingGate{Name: annotations.AdmissionGate}
	if slices.Contains(gates, own) {
		return []corev1.PodSchedulingGate{own}
	}
	return nil
}

// differences are the paths at which two jobs differ in what is governed.
func (a Admitter) differences(stored, updated *v2beta1.MPIJob) []string {
	before, after := a.governed(stored), a.governed(updated)
	var paths []string
	note := func(path *field.Path, same bool) {
		if !same {
			paths = append(paths, path.String())
		}
	}
	note(field.NewPath("metadata", "annotations"), equality.Semantic.DeepEqual(before.Annotations, after.Annotations))
	note(field.NewPath("metadata", "labels"), equality.Semantic.DeepEqual(before.Labels, after.Labels))
	for _, role := range roles(before, after) {
		path, old, new := mpijob.ReplicaPath(role), before.Spec.MPIReplicaSpecs[role], after.Spec.MPIReplicaSpecs[role]
		note(path, equality.Semantic.DeepEqual(old, new))
	}
	before.Spec.MPIReplicaSpecs, after.Spec.MPIReplicaSpecs = nil, nil
	note(field.NewPath("spec"), equality.Semantic.DeepEqual(before.Spec, after.Spec))
	return paths
}

func roles(jobs ...*v2beta1.MPIJob) []v2beta1.MPIReplicaType {
	all := map[v2beta1.MPIReplicaType]bool{}
	for _, job := range jobs {
		for role := range job.Spec.MPIReplicaSpecs {
			all[role] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
