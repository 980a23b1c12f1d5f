package mpijob

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateUsers returns an error for each container whose uid is root's and that must not run as root. The API server
// accepts it, and the kubelet never starts it.
func ValidateUsers(job *v2beta1.MPIJob) field.ErrorList {
	var errs field.ErrorList
	for _, template := range Templates(job) {
		pod := template.Spec.SecurityContext
		if pod == nil {
			pod = &corev1.PodSecurityContext{}
		}
		for _, container := range template.Containers() {
			uid, nonRoot := pod.RunAsUser, pod.RunAsNonRoot
			path := func() *field.Path { return template.Path.Child("spec") }
			if own := container.SecurityContext; own != nil {
				if own.RunAsUser != nil {
					uid, path = own.RunAsUser, container.Path
				}
				if own.RunAsNonRoot != nil {
					nonRoot = own.RunAsNonRoot
				}
			}
			if uid != nil && *uid == 0 && nonRoot != nil && *nonRoot {
				errs = append(errs, field.Invalid(path().Child("securityContext", "runAsUser"), *uid,
					"cannot be used together with runAsNonRoot, with which "+container.Name+" never starts: use another uid, or remove one of them"))
			}
		}
	}
	return errs
}
