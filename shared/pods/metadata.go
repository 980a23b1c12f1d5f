package pods

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations that the API server reads.
const (
	mirrorPod           = "kubernetes.io/config.mirror"
	oldTolerations      = "scheduler.alpha.kubernetes.io/tolerations"
	seccompOfPod        = "seccomp.security.alpha.kubernetes.io/pod"
	seccompOfContainer  = "container.seccomp.security.alpha.kubernetes.io/"
	appArmorOfContainer = corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix
)

func (c *checker) metadata(meta metav1.ObjectMeta, path place) {
	c.labels(path.Child("labels"), meta.Labels)
	c.annotations(path.Child("annotations"), meta.Annotations)
	at := path.Child("annotations")
	if _, present := meta.Annotations[mirrorPod]; present {
		c.forbidden(at.Key(mirrorPod), "is reserved for static pods: remove it")
	}
	if cost, present := meta.Annotations[corev1.PodDeletionCost]; present && !isDeletionCost(cost) {
		c.invalid(at.Key(corev1.PodDeletionCost), cost, "must be a 32-bit whole number, for example -10")
	}
	if text := meta.Annotations[oldTolerations]; text != "" {
		var tolerations []corev1.Toleration
		if err := json.Unmarshal([]byte(text), &tolerations); err != nil {
			c.invalid(at.Key(oldTolerations), text, "must be a list of tolerations in JSON: use spec.tolerations instead")
		}
		c.tolerations(at.Key(oldTolerations), tolerations)
	}
	for _, key := range sortedKeys(meta.Annotations) {
		c.profileAnnotation(at.Key(key), key, meta.Annotations[key])
	}
}

func (c *checker) labels(path place, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		c.qualifiedName(path.Key(key), key)
		c.labelValue(path.Key(key), labels[key])
	}
}

func (c *checker) annotations(path place, annotations map[string]string) {
	size := 0
	for _, key := range sortedKeys(annotations) {
		c.qualifiedName(path.Key(key), strings.ToLower(key))
		size += len(key) + len(annotations[key])
	}
	if size > apivalidation.TotalAnnotationSizeLimitB {
		c.forbidden(path, fmt.Sprintf("must have at most %d KiB in total: move data into a ConfigMap", apivalidation.TotalAnnotationSizeLimitB>>10))
	}
}

// isDeletionCost reports whether a text is a number as the API server reads it: no sign but '-', no leading zero.
func isDeletionCost(text string) bool {
	cost, err := strconv.ParseInt(text, 10, 32)
	return err == nil && strconv.FormatInt(cost, 10) == text
}

// profileAnnotation validates an annotation that set a profile before there were fields for it.
func (c *checker) profileAnnotation(path place, key, value string) {
	_, ofContainer := strings.CutPrefix(key, seccompOfContainer)
	if ofContainer || key == seccompOfPod {
		profile, isLocal := strings.CutPrefix(value, "localhost/")
		switch {
		case isLocal:
			c.localPath(path, profile)
		case value != "runtime/default" && value != "docker/default" && value != "unconfined":
			c.invalid(path, value, "must be runtime/default, unconfined or localhost/PROFILE: use securityContext.seccompProfile instead")
		}
	}
	name, isAppArmor := strings.CutPrefix(key, appArmorOfContainer)
	if !isAppArmor {
		return
	}
	if !c.hasContainer(name) {
		c.invalid(path, name, "is not the name of a container: use one, or remove the annotation")
	}
	if value != "" && value != "runtime/default" && value != "unconfined" && !strings.HasPrefix(value, "localhost/") {
		c.invalid(path, value, "must be runtime/default, unconfined or localhost/PROFILE: use securityContext.appArmorProfile instead")
	}
}

func (c *checker) hasContainer(name string) bool {
	for _, list := range [][]corev1.Container{c.pod.Containers, c.pod.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return true
			}
		}
	}
	return false
}
