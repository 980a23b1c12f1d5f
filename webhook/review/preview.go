package review

import (
	"maps"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// A Preview is what the creation of a job would meet.
type Preview struct {
	// Refusals are all reasons to refuse the job.
	Refusals field.ErrorList
	// Policies are the policies that would change the job, in order, unless it would be refused.
	Policies []string
	// Again is set if policies were applied to the job before, under another cluster policy, project or version, and
	// would change it again.
	Again bool
}

// Changes reports whether the job would be changed, other than by the records that every admitted job gets.
func (p Preview) Changes() bool { return p.Again || len(p.Policies) > 0 }

// Preview returns what the creation of a job would meet. The job stays as it is.
func (r Reviewer) Preview(job *v2beta1.MPIJob, request Request) Preview {
	final := job.DeepCopy()
	var policies []string
	before := job.DeepCopy()
	r.Applied = func(name string, now *v2beta1.MPIJob) {
		if !equalButRecords(before, now) {
			policies = append(policies, name)
			before = now.DeepCopy()
		}
	}
	_, refusals := r.Create(final, request)
	switch _, admitted := r.appliedTo(job); {
	case len(refusals) > 0:
		return Preview{Refusals: refusals}
	case admitted: // what was written to it has been taken away first, so each policy has changed it
		return Preview{Again: !equalButRecords(job, final)}
	}
	return Preview{Policies: policies}
}

// equalButRecords reports whether two jobs are equal, apart from the annotations that only the webhook writes.
func equalButRecords(a, b *v2beta1.MPIJob) bool {
	annotationsOf := func(job *v2beta1.MPIJob) map[string]string {
		all := maps.Clone(job.Annotations)
		for _, key := range records {
			delete(all, key)
		}
		return all
	}
	return equality.Semantic.DeepEqual(a.Spec, b.Spec) && equality.Semantic.DeepEqual(a.Labels, b.Labels) &&
		equality.Semantic.DeepEqual(annotationsOf(a), annotationsOf(b))
}
