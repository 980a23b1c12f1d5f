package review

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// settings returns what the security contexts of a template lack, or "" if it has no words for it. It
// does not name the init containers of the policies: they have the security context of the main container.
func settings(template mpijob.Template, enforced api.LevelVersion, ours []string) string {
	spec := template.Spec.DeepCopy()
	spec.InitContainers = slices.DeleteFunc(spec.InitContainers, func(container corev1.Container) bool {
		return slices.Contains(ours, container.Name)
	})
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
