package review

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// Confirm reviews the final object of a creation, to which a replica of the webhook has applied the policies
// and which other webhooks may have changed since. The job becomes what the policies make of it.
//
// During a roll-out or a change of a project, that replica may know another cluster policy, project or
// identity. Then the result is foreign, and Confirm returns errors only for what no replica may admit. A
// creation that is refused then may succeed on the next try.
func (r Reviewer) Confirm(job *v2beta1.MPIJob, request Request) (foreign bool, errs field.ErrorList) {
	intent, errs := readIntent(job)
	in := policy.Input{Intent: intent, Project: request.Project, Cluster: r.Cluster, Submitter: request.Submitter.Identity}
	if isMultiKueueCopy(job) {
		return true, during(StepMultiKueue, r.reviewCopy(job, in, request, errs))
	}
	var err *field.Error
	if in.Identity, err = identityOf(in, request); err != nil {
		errs = append(errs, err.WithOrigin(policy.Identity.Name))
	}
	said, present := r.appliedTo(job)
	in.ByRunai = present && said.ByRunai
	if digest := r.digestOf(job, in); !present || said.Digest == digest {
		_, errs = r.apply(job, in, request, digest, errs)
		return false, errs
	}
	// rule T42 in webhook/server TestForgedDigest/another_stamp: a stamp of somebody else, with the digest of another policy
	if stamp := stampFor(in, request).String(); job.Annotations[annotations.SubmittedByKey] != stamp {
		errs = append(errs, field.Invalid(annotations.Path(annotations.SubmittedByKey), job.Annotations[annotations.SubmittedByKey], "must be "+stamp).
			WithOrigin(policy.Identity.Name))
	}
	// rule T42 in webhook/server TestForgedDigest/another_uid: another uid, with the digest of another policy
	errs = append(errs, policy.Holds(job, in)...)
	invalid, _ := validate(job, in, request.PodSecurity, mpijob.Validate(job))
	return true, distinct(append(errs, invalid...))
}

func stampFor(in policy.Input, request Request) annotations.Stamp {
	return annotations.Stamp{Username: request.User.Username, UserUID: request.User.UID, Identity: in.Identity}
}
