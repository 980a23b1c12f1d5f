package review

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
// would try to create them for ever.
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
		lacking := settings(template, enforced)
		if lacking == "" {
			continue
		}
		if in.Identity != nil || in.Project.Spec.Identity == v1alpha1.IdentityDisabled {
			return field.ErrorList{field.Forbidden(template.Path.Child("spec"), enforces+": set "+lacking)}
		}
		return field.ErrorList{field.Required(annotations.Path(annotations.RunAsUserKey),
			enforces+": use "+annotations.RunAsUserKey+" to run as yourself, or set "+lacking)}
	}
	return nil
}

// settings returns what the security contexts of a template lack, or "". It does not name containers that
// the policies added: they have the security context of the main container.
func settings(template mpijob.Template, enforced api.LevelVersion) string {
	spec := template.Spec.DeepCopy()
	added := func(container corev1.Container) bool { return strings.HasPrefix(container.Name, "runai-") }
	spec.Containers, spec.InitContainers = slices.DeleteFunc(spec.Containers, added), slices.DeleteFunc(spec.InitContainers, added)
	var ofPod []string
	for _, result := range remedied.EvaluatePod(enforced, &template.ObjectMeta, spec) {
		setting := settingOfPod[result.ForbiddenReason]
		if setting == "" {
			continue
		}
		if strings.Contains(result.ForbiddenDetail, "must not set") {
			setting += ", also where a container sets it,"
		}
		ofPod = append(ofPod, setting)
	}
	var all []string
	if len(ofPod) > 0 {
		all = append(all, strings.Join(ofPod, " and ")+" on the pod")
	}
	if names, adds := containersLacking(spec, enforced); len(names) > 0 {
		setting, kind := "allowPrivilegeEscalation: false and capabilities.drop: [ALL]", " on container "
		if adds {
			setting += " and no capabilities.add"
		}
		if len(names) > 1 {
			kind = " on containers "
		}
		all = append(all, setting+kind+strings.Join(names, ", "))
	}
	return strings.Join(all, ", and ")
}

// settingOfPod has the setting that a check of the pod needs, by the reason in its result.
var settingOfPod = map[string]string{
	"runAsNonRoot != true": "runAsNonRoot: true",
	"runAsUser=0":          "runAsUser to a UID other than 0",
	"seccompProfile":       "seccompProfile.type: RuntimeDefault",
}

// containersLacking returns the quoted names of the containers that could gain privileges, and reports
// whether one of them adds capabilities.
func containersLacking(spec *corev1.PodSpec, enforced api.LevelVersion) (names []string, adds bool) {
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		alone := &corev1.PodSpec{OS: spec.OS, SecurityContext: spec.SecurityContext, Containers: []corev1.Container{container}}
		for _, result := range remedied.EvaluatePod(enforced, &metav1.ObjectMeta{}, alone) {
			if result.Allowed || settingOfPod[result.ForbiddenReason] != "" {
				continue
			}
			names = append(names, strconv.Quote(container.Name))
			adds = adds || strings.Contains(result.ForbiddenDetail, "must not include")
		}
	}
	return slices.Compact(names), adds
}
