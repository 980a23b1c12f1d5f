package oracle

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

var (
	reviewer = review.Reviewer{Cluster: config.Default(), Version: "(test)"}
	alice    = authenticationv1.UserInfo{Username: "saml:alice", UID: "a1", Extra: claims()}
)

func claims() map[string]authenticationv1.ExtraValue {
	extra := map[string]authenticationv1.ExtraValue{}
	for key, values := range randomjob.Extra {
		extra[key] = values
	}
	return extra
}

func project(required bool) *v1alpha1.Project {
	made := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "team-a"}}
	if required {
		made.Spec.Identity = v1alpha1.IdentityRequired
		made.Spec.Restrictions.HostNetwork = v1alpha1.Allow // refused otherwise, so that nothing about it were tried
	}
	return made
}

// admits reports whether alice's job is admitted, and applies the policies to it. If the project does not
// require an identity, the job requests it.
func admits(job *v2beta1.MPIJob, required bool) bool {
	if !required {
		metav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.RunAsUserKey, "true")
	}
	found, err := identity.Resolve(identity.Question{User: alice}, reviewer.Cluster.Identity)
	_, errs := reviewer.Create(job, review.Request{
		NamespaceFacts: review.NamespaceFacts{Project: project(required)},
		User:           alice,
		Submitter:      review.Submitter{Identity: found, Unknown: err},
	})
	return onlyUnrunnable(job, errs)
}

// onlyUnrunnable reports whether a job is refused only for pods that the API server would refuse. Here such jobs
// count as admitted: the identity does not depend on what the API server refuses.
func onlyUnrunnable(job *v2beta1.MPIJob, errs field.ErrorList) bool {
	if len(errs) == 0 {
		return true
	}
	unrunnable := map[string]bool{}
	for _, err := range mpijob.Validate(job) {
		unrunnable[err.Error()] = strings.Contains(err.Field, ".template.")
	}
	return !slices.ContainsFunc(errs, func(err *field.Error) bool { return !unrunnable[err.Error()] })
}
