package policy

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// undoGPUs removes what the intent requested. A fraction in the manifest itself, which nothing else records,
// is written as it is stored.
func undoGPUs(u Undoing) {
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		main := template.Main()
		switch {
		case main == nil, template.Role == mpijob.Launcher && !mpijob.LauncherWorks(u.Job):
		case u.Intent.GPU != nil || u.Intent.GPUMemory != 0:
			for key, value := range annotationsForKAI(u.Intent) {
				if template.Annotations[key] == value { // another spelling is the author's
					deleteEqual(template.Annotations, was.Annotations, key)
				}
			}
			name, stored := u.Cluster.GPU.ResourceName, mainOf(was).Resources
			deleteEqual(main.Resources.Limits, stored.Limits, name)
			deleteEqual(main.Resources.Requests, stored.Requests, name)
		case u.Stored != nil:
			storeFraction(template, was, u.Cluster.GPU.ResourceName)
		}
	})
}

// storeFraction replaces a fraction in the resources by the annotation that is stored instead of it.
func storeFraction(template mpijob.Template, was *corev1.PodTemplateSpec, name corev1.ResourceName) {
	stored, err := parseKAIFraction(was.Annotations[kai.Fraction])
	if err != nil {
		return
	}
	for _, list := range []corev1.ResourceList{template.Main().Resources.Limits, template.Main().Resources.Requests} {
		if quantity, present := list[name]; present {
			if gpus, err := annotations.GPUOf(quantity); err == nil && gpus == stored.gpu {
				delete(list, name)
				metav1.SetMetaDataAnnotation(&template.ObjectMeta, kai.Fraction, was.Annotations[kai.Fraction])
			}
		}
	}
}
