package review

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// remediedByIdentity lists the checks of the Pod Security Standards that a job passes once it has an
// identity.
var remediedByIdentity = []podsecurity.CheckID{
	"allowPrivilegeEscalation", "capabilities_restricted", "runAsNonRoot", "runAsUser", "seccompProfile_restricted",
}

var (
	remedied = policy.NewPodSecurityEvaluator(func(id podsecurity.CheckID) bool { return slices.Contains(remediedByIdentity, id) })
	others   = policy.NewPodSecurityEvaluator(func(id podsecurity.CheckID) bool { return !slices.Contains(remediedByIdentity, id) })
)

// PodSecurityOf returns what a namespace with these labels enforces. It reads them as the API server does:
// an invalid label means the strictest level.
func PodSecurityOf(labels map[string]string) api.LevelVersion {
	nothing := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	standard, _ := api.PolicyToEvaluate(labels, api.Policy{Enforce: nothing, Audit: nothing, Warn: nothing})
	return standard.Enforce
}

// validatePodSecurity returns an error for pods that the namespace would refuse. Without it, the operator
// would try to create them forever.
func validatePodSecurity(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion) field.ErrorList {
	if enforced.Level == "" || enforced.Level == api.LevelPrivileged {
		return nil
	}
	var errs field.ErrorList
	enforces := "namespace " + job.Namespace + " enforces the Pod Security Standard \"" + string(enforced.Level) + "\""
	for _, template := range mpijob.Templates(job) {
		for _, result := range others.EvaluatePod(enforced, &template.ObjectMeta, &template.Spec) {
			if !result.Allowed {
				errs = append(errs, field.Forbidden(template.Path.Child("spec"), enforces+", which forbids "+result.ForbiddenReason+" ("+result.ForbiddenDetail+"): remove it"))
			}
		}
	}
	return append(errs, validateConfinement(job, in, enforced, enforces)...)
}

// validateConfinement returns one error for all checks that an identity would pass.
func validateConfinement(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion, enforces string) field.ErrorList {
	if in.Identity == nil && wantsIdentity(in) {
		return nil // identityOf has returned the error
	}
	for _, template := range mpijob.Templates(job) {
		result := podsecurity.AggregateCheckResults(remedied.EvaluatePod(enforced, &template.ObjectMeta, &template.Spec))
		if result.Allowed {
			continue
		}
		lacking := settings(template, enforced, policy.OwnedIn(job, in).Containers)
		if lacking == "" { // a check that no sentence of ours covers
			lacking = "security contexts that satisfy it (" + strings.Join(result.ForbiddenDetails, "; ") + ")"
		}
		if in.Identity != nil || in.Project.Spec.Identity == v1alpha1.IdentityDisabled {
			return field.ErrorList{field.Forbidden(template.Path.Child("spec"), enforces+": set "+lacking)}
		}
		return field.ErrorList{field.Required(annotations.Path(annotations.RunAsUserKey),
			enforces+": use "+annotations.RunAsUserKey+" to run as yourself, or set "+lacking)}
	}
	return nil
}
