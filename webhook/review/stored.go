package review

import (
	"slices"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// Again returns the request in which the submitter of a stored job creates it again. Entries has the PosixIdentity
// entries of each subject.
//
// If the job must run as its submitter, but nothing says which ids they have, anonymous is true: then the request has
// an identity with the ids that the job sets itself, so that it is refused only for what nobody may do.
func (r Reviewer) Again(stored *v2beta1.MPIJob, facts NamespaceFacts, entries map[string][]v1alpha1.PosixIdentity, now time.Time) (again Request, anonymous bool) {
	again = Request{NamespaceFacts: facts}
	stamp := stampOf(stored)
	if stamp != nil {
		again.User = authenticationv1.UserInfo{Username: stamp.Username, UID: stamp.UserUID}
		again.Submitter = r.submitterIn(*stamp, stored.Namespace, entries[stamp.Username], now)
	}
	if isMultiKueueCopy(stored) && len(r.Cluster.MultiKueue.Submitters) > 0 {
		again.User = authenticationv1.UserInfo{Username: r.Cluster.MultiKueue.Submitters[0]}
	}
	if again.Submitter != (Submitter{}) {
		return again, false
	}
	again.Submitter.Identity = ownIDs(stored)
	intent, _ := annotations.Parse(stored.Annotations) // Create returns the errors
	return again, wantsIdentity(policy.Input{Intent: intent, Project: facts.Project})
}

// submitterIn returns the submitter that a stamp records. What the directory says today counts. Claims are known only
// from the stamp.
func (r Reviewer) submitterIn(stamp annotations.Stamp, namespace string, entries []v1alpha1.PosixIdentity, now time.Time) Submitter {
	listed := r.Cluster.Identity.Reads(config.SourceDirectory) && len(entries) > 0
	if stamp.Identity != nil && stamp.Identity.Source != string(config.SourceDirectory) || stamp.Identity == nil && !listed {
		return Submitter{Identity: stamp.Identity}
	}
	user := authenticationv1.UserInfo{Username: stamp.Username}
	found, err := identity.Resolve(identity.Question{User: user, Namespace: namespace, Entries: entries, Now: now}, r.Cluster.Identity)
	return Submitter{Identity: found, Unknown: err}
}

// AnonymousID is the uid or gid of a submitter whose own is not known and who sets none.
const AnonymousID = 2_000_000_000

// ownIDs returns an identity with the first ids that a job sets, other than root's.
func ownIDs(job *v2beta1.MPIJob) *annotations.Identity {
	own := annotations.Identity{UserName: "submitter", Home: "/home/submitter"}
	note := func(id *int64, of *int64) {
		if id != nil && *id > 0 && *of == 0 {
			*of = *id
		}
	}
	for _, template := range mpijob.Templates(job) {
		if pod := template.Spec.SecurityContext; pod != nil {
			note(pod.RunAsUser, &own.UID)
			note(pod.RunAsGroup, &own.GID)
			own.Groups = append(own.Groups, pod.SupplementalGroups...)
		}
		for _, container := range template.Containers() {
			if context := container.SecurityContext; context != nil {
				note(context.RunAsUser, &own.UID)
				note(context.RunAsGroup, &own.GID)
			}
		}
	}
	for _, id := range []*int64{&own.UID, &own.GID} {
		if *id == 0 {
			*id = AnonymousID
		}
	}
	own.Groups = slices.DeleteFunc(own.Groups, func(group int64) bool { return group <= 0 || group == own.GID })
	slices.Sort(own.Groups)
	own.Groups = slices.Compact(own.Groups)
	return &own
}
