package review

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
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
	final, first := job.DeepCopy(), contents(job)
	var policies []string
	before := first
	r.Applied = func(name string, now *v2beta1.MPIJob) {
		after := contents(now)
		if !bytes.Equal(before, after) {
			policies = append(policies, name)
		}
		before = after
	}
	_, refusals := r.Create(final, request)
	switch _, admitted := r.appliedTo(job); {
	case len(refusals) > 0:
		return Preview{Refusals: refusals}
	case admitted: // what was written to it has been taken away first, so each policy has changed it
		return Preview{Again: !bytes.Equal(first, contents(final))}
	}
	return Preview{Policies: policies}
}

// contents returns what a policy can change in a job, without the annotations that only the webhook writes. As text it
// takes a tenth of the memory of a copy.
func contents(job *v2beta1.MPIJob) []byte {
	text, _ := json.Marshal(struct { // texts, numbers, lists and maps
		Labels      map[string]string `json:",omitempty"`
		Annotations map[string]string `json:",omitempty"`
		Spec        v2beta1.MPIJobSpec
	}{job.Labels, filtered(job.Annotations, func(key string) bool { return !slices.Contains(records, key) }), job.Spec})
	return text
}
