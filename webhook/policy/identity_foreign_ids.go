package policy

import (
	"fmt"
	"slices"
	"sync"

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
	found := foreignIDs(job, in.Submitter, sync.OnceValue(func() (names []string) {
		for owned := range in.othersOwn(job, identityName) {
			names = append(names, owned.Containers...)
		}
		return names
	}))
	warnings := make([]string, 0, len(found.first))
	for _, id := range found.first {
		warnings = append(warnings, fmt.Sprintf("%s: %d is not one of your ids (%s): set %s to \"true\" to run as yourself",
			id.path, id.value, in.Submitter, annotations.RunAsUserKey))
	}
	if found.more > 0 {
		warnings = append(warnings, fmt.Sprintf("%d more ids are not yours", found.more))
	}
	return warnings
}

// A foreignID is a uid or gid in a job that its submitter does not have, with its path.
type foreignID struct {
	path  *field.Path
	value int64
}

// foundIDs are the first foreign ids of a job, and the number of the others.
type foundIDs struct {
	first []foreignID
	more  int
}

// mostForeignIDs is the most ids about which a user is warned one by one.
const mostForeignIDs = 20

// foreignIDs finds the foreign ids of a job, except in containers with the names that a function returns.
func foreignIDs(job *v2beta1.MPIJob, own *annotations.Identity, exceptIn func() []string) foundIDs {
	var found foundIDs
	note := func(value *int64, isOwn bool, path *field.Path, child string) {
		switch {
		case value == nil || isOwn:
		// rule T38 in webhook/server TestFloodsAreBounded: thousands of groups, with a warning of some kilobytes for each
		case len(found.first) == mostForeignIDs:
			found.more++
		default:
			found.first = append(found.first, foreignID{path.Child(child), *value})
		}
	}
	isUser := func(id *int64) bool { return id != nil && *id == own.UID }
	isGroup := func(id *int64) bool { return id != nil && (*id == own.GID || slices.Contains(own.Groups, *id)) }
	for _, template := range mpijob.Templates(job) {
		if pod := template.Spec.SecurityContext; pod != nil {
			path := template.Path.Child("spec", "securityContext")
			note(pod.RunAsUser, isUser(pod.RunAsUser), path, "runAsUser")
			note(pod.RunAsGroup, isGroup(pod.RunAsGroup), path, "runAsGroup")
			note(pod.FSGroup, isGroup(pod.FSGroup), path, "fsGroup")
			for i := range pod.SupplementalGroups {
				note(&pod.SupplementalGroups[i], isGroup(&pod.SupplementalGroups[i]), path, fmt.Sprintf("supplementalGroups[%d]", i))
			}
		}
		for _, container := range template.Containers() {
			if context := container.SecurityContext; context != nil && !slices.Contains(exceptIn(), container.Name) {
				path := container.Path().Child("securityContext")
				note(context.RunAsUser, isUser(context.RunAsUser), path, "runAsUser")
				note(context.RunAsGroup, isGroup(context.RunAsGroup), path, "runAsGroup")
			}
		}
	}
	return found
}
