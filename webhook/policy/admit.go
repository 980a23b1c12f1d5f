package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// An Admitter admits jobs under one cluster policy.
type Admitter struct {
	Cluster *config.ClusterPolicy
	// Version is the webhook's own, for run.ai/applied-policies.
	Version string
	// Applied, if set, is called after each policy that was applied.
	Applied func(name string, job *v2beta1.MPIJob)
}

// A Place is what the cluster knows of the namespace of a job.
type Place struct {
	// Project is the one that the namespace belongs to.
	Project *v1alpha1.Project
	// PodSecurity is what the namespace enforces of the Pod Security Standards; the zero value is nothing.
	PodSecurity api.LevelVersion
}

// A Request is what the cluster knows of whoever submits a job, and where.
type Request struct {
	Place
	// User is the one that the API server authenticated.
	User authenticationv1.UserInfo
	// Entries are the directory's of a subject; nil: there is no directory.
	Entries func(subject string) ([]v1alpha1.PosixIdentity, error)
	// KeepsGroupsPolicy tells whether the MPIJob's CRD knows supplementalGroupsPolicy; nil: it does.
	KeepsGroupsPolicy func() (bool, error)
	// Now is the time of the request.
	Now time.Time
}

// Admit makes the job comply with every policy and judges the result. It returns every reason why the
// job cannot be admitted; the job is then in no particular state.
func (a Admitter) Admit(job *v2beta1.MPIJob, request Request) (warnings []string, errs field.ErrorList) {
	intent, errs := annotations.Parse(job.Annotations)
	in := Input{Intent: intent, Project: request.Project, PodSecurity: request.PodSecurity, Cluster: a.Cluster}
	if isCopy(job) {
		return nil, a.admitCopy(job, in, request, errs)
	}
	var err *field.Error
	if in.Identity, err = resolveIdentity(in, request, job.Namespace); err != nil {
		errs = append(errs, err)
	}
	foreign := warnForeignIDs(job, in, request) // before policies of ours copy them
	warnings, errs = a.apply(job, in, request.User, errs)
	return append(warnings, foreign...), errs
}

// apply runs the chain, writes back who submitted and what was applied, and judges the result.
func (a Admitter) apply(job *v2beta1.MPIJob, in Input, user authenticationv1.UserInfo, errs field.ErrorList) ([]string, field.ErrorList) {
	var names []string
	for _, policy := range Chain {
		if !policy.applies(job, in) {
			continue
		}
		errs = append(errs, policy.Ensure(job, in)...)
		names = append(names, policy.Name)
		if a.Applied != nil {
			a.Applied(policy.Name, job)
		}
	}
	stamp := annotations.Stamp{Username: user.Username, UserUID: user.UID, Identity: in.Identity}
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.SubmittedByKey, stamp.String())
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.AppliedPoliciesKey, strings.Join(names, ",")+" "+a.Version)
	if errs = append(errs, judge(job, in)...); len(errs) > 0 {
		return nil, once(errs)
	}
	return warn(job, in), nil
}

// once drops an error that two rules found, so that each cause has one line.
func once(errs field.ErrorList) field.ErrorList {
	var distinct field.ErrorList
	for _, err := range errs {
		same := func(other *field.Error) bool { return other.Field == err.Field && other.Detail == err.Detail }
		if !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, err)
		}
	}
	return distinct
}
