package policy

import (
	"fmt"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// warnForeignIDs warns about ids in a job without an identity that are not the submitter's. If the cluster
// does not know the submitter, there is nothing to compare with.
func warnForeignIDs(job *v2beta1.MPIJob, in Input) []string {
	if in.Identity != nil || in.Submitter == nil || in.Project.Spec.Identity == v1alpha1.IdentityDisabled {
		return nil
	}
	var warnings []string
	for _, id := range writtenIDs(job, in.othersOwn(job, identityName).Containers) {
		if !id.isOf(in.Submitter) {
			warnings = append(warnings, fmt.Sprintf("%s: %d is not one of your ids (%s): set %s to \"true\" to run as yourself",
				id.path, id.value, in.Submitter, annotations.RunAsUserKey))
		}
	}
	return warnings
}

// A writtenID is a uid or gid in a job, with its path.
type writtenID struct {
	path  *field.Path
	value int64
	isUID bool
}

func (w writtenID) isOf(own *annotations.Identity) bool {
	if w.isUID {
		return w.value == own.UID
	}
	return w.value == own.GID || slices.Contains(own.Groups, w.value)
}

// writtenIDs returns the ids in a job, except those of the named containers.
func writtenIDs(job *v2beta1.MPIJob, exceptIn []string) []writtenID {
	var ids []writtenID
	note := func(value *int64, path *field.Path, isUID bool) {
		if value != nil {
			ids = append(ids, writtenID{path, *value, isUID})
		}
	}
	for _, template := range mpijob.Templates(job) {
		if pod := template.Spec.SecurityContext; pod != nil {
			path := template.Path.Child("spec", "securityContext")
			note(pod.RunAsUser, path.Child("runAsUser"), true)
			note(pod.RunAsGroup, path.Child("runAsGroup"), false)
			note(pod.FSGroup, path.Child("fsGroup"), false)
			for i := range pod.SupplementalGroups {
				note(&pod.SupplementalGroups[i], path.Child("supplementalGroups").Index(i), false)
			}
		}
		for _, container := range template.Containers() {
			if own := container.SecurityContext; own != nil && !slices.Contains(exceptIn, container.Name) {
				note(own.RunAsUser, container.Path().Child("securityContext", "runAsUser"), true)
				note(own.RunAsGroup, container.Path().Child("securityContext", "runAsGroup"), false)
			}
		}
	}
	return ids
}
