package review

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// A Verdict is the result of classifying an update.
type Verdict struct {
	Class UpdateClass
	// Paths are the paths that a refused update would change.
	Paths []string
	// Reasons are the errors in what steers a job. An update that is refused for them changes nothing else.
	Reasons field.ErrorList
}

// An UpdateClass is a kind of update.
type UpdateClass int

const (
	// Steers changes only what steers a job, and may be stored as it is.
	Steers UpdateClass = iota
	// Reapplies applies the job's manifest again: the stored job stays.
	Reapplies
	// Refused would change what the job runs.
	Refused
)

// ClassifyUpdate classifies an update by comparison with the stored job. The rule is the same for users
// and controllers, and independent of the current policy and of the user who updates.
func (r Reviewer) ClassifyUpdate(stored, updated *v2beta1.MPIJob) Verdict {
	owned := r.ownedIn(stored)
	was, now := governedPart(stored, owned), governedPart(updated, owned)
	recounted(was, now, updated)
	// rule T10 in test/forgery TestT10Patches: to change it, or a uid, by any kind of patch
	// without: if true {
	if patch.Equal(was, now) {
		if errs := leadAway(stored, updated); len(errs) > 0 {
			return Verdict{Class: Refused, Reasons: errs}
		}
		return r.steered(stored, updated)
	}
	// rule T09 in test/forgery TestT09ChangedStamp: to change a stored stamp
	// without: if stampOf(stored) == nil {
	// rule T09 in test/forgery TestT09StampOfADyingJob: to change that of a job under deletion
	// without: if stampOf(stored) == nil || updated.DeletionTimestamp == nil && forges(stored, updated) {
	if stampOf(stored) == nil || forges(stored, updated) {
		return Verdict{Class: Refused, Paths: differences(was, now)}
	}
	// The author's part is what is left without what the policies have written to the stored job.
	was, now = governedPart(r.lean(stored, stored), owned), governedPart(r.lean(updated, stored), owned)
	// rule T12 in test/forgery TestT12Colleague: to change what a colleague's job runs
	// without: if true {
	// rule T15 in test/forgery TestT15CompromisedController: a controller changes what runs
	// without: if true {
	if patch.Equal(was, now) {
		return Verdict{Class: Reapplies}
	}
	return Verdict{Class: Refused, Paths: differences(was, now)}
}

// lean returns a job without what the policies wrote to the stored one.
func (r Reviewer) lean(job, stored *v2beta1.MPIJob) *v2beta1.MPIJob {
	again := job.DeepCopy()
	for _, key := range records { // a manifest does not have them
		metav1.SetMetaDataAnnotation(&again.ObjectMeta, key, stored.Annotations[key])
	}
	said, _ := r.appliedTo(stored)
	intent, _ := annotations.Parse(job.Annotations) // what cannot be read stays in the annotations, which are compared
	r.undo(again, stored, said, policy.Input{Intent: intent, Cluster: r.Cluster, Identity: stampOf(stored).Identity})
	return again
}

// records lists the annotations that only the webhook writes.
var records = []string{annotations.SubmittedByKey, annotations.AppliedPoliciesKey}

// ownedIn returns what the policies own in a stored job.
func (r Reviewer) ownedIn(stored *v2beta1.MPIJob) policy.Ownership {
	intent, _ := annotations.Parse(stored.Annotations) // another version may have admitted what is invalid today
	said, _ := r.appliedTo(stored)
	in := policy.Input{Intent: intent, Cluster: under(said.Written, r.Cluster)}
	if stamp := stampOf(stored); stamp != nil {
		in.Identity = stamp.Identity
	}
	return policy.OwnedIn(stored, in)
}

// stampOf returns the stamp of a stored job, or nil if it has no valid one: its submitter is unknown.
func stampOf(stored *v2beta1.MPIJob) *annotations.Stamp {
	stamp, _ := annotations.ParseStamp(stored.Annotations)
	return stamp
}

// forges reports whether an update changes an annotation that only the webhook writes. A manifest without
// these annotations forges nothing.
func forges(stored, updated *v2beta1.MPIJob) bool {
	return slices.ContainsFunc(records, func(key string) bool {
		value, present := updated.Annotations[key]
		return present && value != stored.Annotations[key]
	})
}

// differences returns the paths at which the governed parts of two jobs differ.
func differences(before, after *v2beta1.MPIJob) []string {
	var paths []string
	note := func(path *field.Path, equal bool) {
		if !equal {
			paths = append(paths, path.String())
		}
	}
	note(field.NewPath("metadata", "annotations"), patch.Equal(&before.Annotations, &after.Annotations))
	note(field.NewPath("metadata", "labels"), patch.Equal(&before.Labels, &after.Labels))
	for _, role := range rolesOf(before, after) {
		was, now := before.Spec.MPIReplicaSpecs[role], after.Spec.MPIReplicaSpecs[role]
		note(mpijob.ReplicaPath(role), patch.Equal(&was, &now))
	}
	before.Spec.MPIReplicaSpecs, after.Spec.MPIReplicaSpecs = nil, nil
	note(field.NewPath("spec"), patch.Equal(&before.Spec, &after.Spec))
	return paths
}

func rolesOf(jobs ...*v2beta1.MPIJob) []v2beta1.MPIReplicaType {
	var all []v2beta1.MPIReplicaType
	for _, job := range jobs {
		for role := range job.Spec.MPIReplicaSpecs {
			all = append(all, role)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
