package review

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// A Reviewer reviews creations and updates of jobs under one cluster policy.
type Reviewer struct {
	Cluster *config.ClusterPolicy
	// Version is the webhook's version, for run.ai/applied-policies.
	Version string
	// Started is called before the first policy. Default: nothing is called.
	Started func()
	// Applied is called after each policy that was applied. Default: nothing is called.
	Applied func(name string, job *v2beta1.MPIJob)
	// Warned is called with the name of each policy that warns about an admitted job. Default: nothing is called.
	Warned func(name string)

	prepared prepared
}

// NamespaceFacts are what the cluster knows about the namespace of a job.
type NamespaceFacts struct {
	// Project is the project that the namespace belongs to.
	Project *v1alpha1.Project
	// PodSecurity is the Pod Security Standard that the namespace enforces. Default: none.
	PodSecurity api.LevelVersion
	// WarnOnly is how long the namespace is warn-only. Default: never.
	WarnOnly WarnOnly
}

// A Request is what the cluster knows about the creation of a job. It has values only: nothing is looked up.
type Request struct {
	NamespaceFacts
	// Submitted is a copy of the job. Default: one is made.
	Submitted *v2beta1.MPIJob
	// User is the user that the API server authenticated.
	User authenticationv1.UserInfo
	// Submitter is the identity of the user.
	Submitter Submitter
	// DropsGroupsPolicy is set if the MPIJob's CRD drops supplementalGroupsPolicy.
	DropsGroupsPolicy bool
}

// A Submitter is the identity of the user who submits a job, or the reason why the cluster knows none.
type Submitter struct {
	Identity *annotations.Identity
	Unknown  error
}

// Create makes a new job comply with every policy and validates the result. If it returns errors, which
// are all reasons to refuse the job, the job is in an undefined state.
func (r Reviewer) Create(job *v2beta1.MPIJob, request Request) (warnings []string, errs field.ErrorList) {
	intent, errs := readIntent(job)
	in := policy.Input{Intent: intent, Project: request.Project, Cluster: r.Cluster, Submitter: request.Submitter.Identity}
	if isMultiKueueCopy(job) {
		return nil, during(StepMultiKueue, r.reviewCopy(job, in, request, errs))
	}
	var err *field.Error
	if in.Identity, err = identityOf(in, request); err != nil {
		errs = append(errs, err.WithOrigin(policy.Identity.Name))
	}
	// Another replica has admitted the job, or it is the copy of an admitted one: it is built again.
	said, present := r.appliedTo(job)
	digest := r.digestOf(job, in)
	if present && said.Digest != digest {
		r.undo(job, nil, said, in)
		request.Submitted = nil
	}
	in.Admitted, in.ByRunai = present, policy.IsGated(job) || present && said.ByRunai
	return r.apply(job, in, request, digest, errs)
}

func readIntent(job *v2beta1.MPIJob) (annotations.Intent, field.ErrorList) {
	intent, errs := annotations.Parse(job.Annotations)
	return intent, errs.WithOrigin(StepAnnotations)
}

// apply runs the chain, records the submitter and the applied policies with their digest, and validates the result.
func (r Reviewer) apply(job *v2beta1.MPIJob, in policy.Input, request Request, digest string, errs field.ErrorList) ([]string, field.ErrorList) {
	if request.Submitted == nil {
		request.Submitted = job.DeepCopy()
	}
	if r.Started != nil {
		r.Started()
	}
	names, refused := policy.Apply(job, in, r.Applied)
	errs = append(errs, refused...)
	// rule T08 in test/forgery TestT08ForgedStamp: a stamp of one's own
	// without: _ = stampFor
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.SubmittedByKey, stampFor(in, request).String())
	wrote := r.writtenTo(job)
	wrote.LauncherExempt, wrote.ByRunai = policy.LauncherIsExempt(job, in), in.ByRunai
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.AppliedPoliciesKey,
		annotations.Applied{Policies: names, Version: r.Version, Digest: digest, Written: wrote}.String())
	invalid, warnings := validate(job, in, request.PodSecurity, unrunnable(job, request.Submitted, errs))
	if errs = append(errs, invalid...); len(errs) > 0 {
		return nil, distinct(errs)
	}
	return slices.Concat(policy.Warn(job, in, r.Warned), warnRoles(job), warnings, mpijob.WarnComputed(job)), nil
}

// undo removes what policies wrote to a job, as [policy.Undoing] says.
func (r Reviewer) undo(job, stored *v2beta1.MPIJob, said annotations.Applied, in policy.Input) {
	in.Cluster = under(said.Written, in.Cluster)
	policy.Undoing{Input: in, Job: job, Stored: stored, Workers: said.Workers, LauncherExempt: said.LauncherExempt}.Undo(said.Policies)
}

// distinct removes an error that two rules found, so that each cause has one line.
func distinct(errs field.ErrorList) field.ErrorList {
	type line struct{ field, detail string }
	seen := make(map[line]bool, len(errs))
	return slices.DeleteFunc(errs, func(err *field.Error) bool {
		this := line{err.Field, err.Detail}
		repeated := seen[this]
		seen[this] = true
		return repeated
	})
}
