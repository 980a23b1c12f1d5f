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

// remediedByIdentity are the checks of the Pod Security Standards that a job passes with an identity,
// if it writes nothing against them.
var remediedByIdentity = []podsecurity.CheckID{
	"allowPrivilegeEscalation", "capabilities_restricted", "runAsNonRoot", "runAsUser", "seccompProfile_restricted",
}

var (
	remedied = policy.NewPodSecurityEvaluator(func(id podsecurity.CheckID) bool { return slices.Contains(remediedByIdentity, id) })
	others   = policy.NewPodSecurityEvaluator(func(id podsecurity.CheckID) bool { return !slices.Contains(remediedByIdentity, id) })
)

// PodSecurityOf returns what a namespace with these labels enforces, as the API server reads them: what
// it cannot read, it enforces in the strictest way.
func PodSecurityOf(labels map[string]string) api.LevelVersion {
	nothing := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	standard, _ := api.PolicyToEvaluate(labels, api.Policy{Enforce: nothing, Audit: nothing, Warn: nothing})
	return standard.Enforce
}

// validatePodSecurity refuses a job whose pods the namespace would not admit: otherwise the operator would
// try to create them for ever.
func validatePodSecurity(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion) field.ErrorList {
	if enforced.Level == "" || enforced.Level == api.LevelPrivileged {
		return nil
	}
	var errs field.ErrorList
	enforces := "namespace " + job.Namespace + " enforces the Pod Security Standard " + string(enforced.Level) + ", which forbids "
	for _, template := range mpijob.Templates(job) {
		for _, result := range others.EvaluatePod(enforced, &template.ObjectMeta, &template.Spec) {
			if !result.Allowed {
				errs = append(errs, field.Forbidden(template.Path.Child("spec"), enforces+result.ForbiddenReason+" ("+result.ForbiddenDetail+"): leave it out"))
			}
		}
	}
	return append(errs, validateConfinement(job, in, enforced, enforces)...)
}

// validateConfinement has one sentence for all that the user would get by one flag.
func validateConfinement(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion, enforces string) field.ErrorList {
	if in.Identity == nil && wantsIdentity(in) {
		return nil // why there is none has been said
	}
	for _, template := range mpijob.Templates(job) {
		lacking := podsecurity.AggregateCheckResults(remedied.EvaluatePod(enforced, &template.ObjectMeta, &template.Spec))
		if lacking.Allowed {
			continue
		}
		why := enforces + strings.Join(lacking.ForbiddenReasons, ", ")
		if in.Identity != nil || in.Project.Spec.Identity == v1alpha1.IdentityDisabled {
			return field.ErrorList{field.Forbidden(template.Path.Child("spec"), why+" ("+strings.Join(lacking.ForbiddenDetails, "; ")+"): write security contexts that satisfy it")}
		}
		return field.ErrorList{field.Required(annotations.Path(annotations.RunAsUserKey), "is needed, because "+why+": write true, and the job runs as you, or write security contexts that satisfy it")}
	}
	return nil
}
