package pods

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// annotatedProfiles validates that the old annotations for profiles agree with the fields that replaced them.
func (c *checker) annotatedProfiles(template *corev1.PodTemplateSpec, path place) {
	var ofPod corev1.PodSecurityContext
	if c.pod.SecurityContext != nil {
		ofPod = *c.pod.SecurityContext
	}
	if annotation, present := template.Annotations[seccompOfPod]; present && ofPod.SeccompProfile != nil {
		c.sameSeccomp(path.Child("securityContext", "seccompProfile"), *ofPod.SeccompProfile, annotation)
	}
	c.eachContainer(path, func(container *corev1.Container, path place) {
		var own corev1.SecurityContext
		if container.SecurityContext != nil {
			own = *container.SecurityContext
		}
		if own.SeccompProfile != nil {
			if annotation, present := template.Annotations[seccompOfContainer+container.Name]; present {
				c.sameSeccomp(path.Child("securityContext", "seccompProfile"), *own.SeccompProfile, annotation)
			}
		}
		profile := own.AppArmorProfile
		if profile == nil {
			profile = ofPod.AppArmorProfile
		}
		if profile == nil || c.isWindows() {
			return
		}
		if annotation, present := template.Annotations[appArmorOfContainer+container.Name]; present {
			c.sameProfile(path.Child("securityContext", "appArmorProfile"), string(profile.Type), profile.LocalhostProfile, annotation)
		}
	})
}

func (c *checker) sameSeccomp(path place, profile corev1.SeccompProfile, annotation string) {
	if annotation == "docker/default" {
		annotation = "runtime/default"
	}
	c.sameProfile(path, string(profile.Type), profile.LocalhostProfile, annotation)
}

func (c *checker) sameProfile(path place, kind string, local *string, annotation string) {
	same := true
	switch kind {
	case "Unconfined":
		same = annotation == "unconfined"
	case "RuntimeDefault":
		same = annotation == "runtime/default"
	case "Localhost":
		name, isLocal := strings.CutPrefix(annotation, "localhost/")
		same = isLocal && local != nil && *local == name
	}
	if !same {
		c.forbidden(path, "conflicts with the annotation of this container, which sets "+annotation+": remove the annotation")
	}
}
