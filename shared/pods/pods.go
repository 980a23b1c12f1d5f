// Package pods says why the API server would refuse a pod template, or the pods that are made from it. The rules
// are those of Kubernetes 1.37 with its default features. Kubernetes' own code cannot be linked, because its
// module needs replacements; test/oracle compares the two.
package pods

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Validate returns every reason why the API server would refuse a pod template or a pod that is made from it. The
// pods have the added volumes, too: mounts of them are accepted, although the API server refuses the template alone.
func Validate(template *corev1.PodTemplateSpec, at *field.Path, added ...corev1.Volume) field.ErrorList {
	if isValid(template, added) {
		return nil
	}
	c := newChecker(template, added)
	c.template(template, place{at})
	return c.errs
}

// isValid reports whether Validate would find nothing. It builds no paths.
func isValid(template *corev1.PodTemplateSpec, added []corev1.Volume) bool {
	c := newChecker(template, added)
	c.template(template, place{})
	return !c.failed
}

// A checker collects errors about one pod, or only learns that there are any if it does not know its place.
type checker struct {
	errs    field.ErrorList
	failed  bool
	pod     *corev1.PodSpec
	volumes map[string]*corev1.VolumeSource // by name
	claims  map[string]bool                 // names of the pod's resource claims
}

func newChecker(template *corev1.PodTemplateSpec, added []corev1.Volume) *checker {
	c := &checker{
		pod: &template.Spec, volumes: make(map[string]*corev1.VolumeSource, len(template.Spec.Volumes)+len(added)),
	}
	for i := range added {
		c.volumes[added[i].Name] = &added[i].VolumeSource
	}
	return c
}

func (c *checker) template(template *corev1.PodTemplateSpec, path place) {
	c.metadata(template.ObjectMeta, path.Child("metadata"))
	c.spec(path.Child("spec"))
	c.annotatedProfiles(template, path.Child("spec"))
}

func (c *checker) spec(path place) {
	c.volumeList(path.Child("volumes"))
	c.resourceClaims(path.Child("resourceClaims"))
	c.containerLists(path)
	if c.pod.Resources != nil {
		c.podResources(c.pod.Resources, path.Child("resources"))
	}
	c.lifetime(path)
	c.references(path)
	c.network(path)
	c.scheduling(path)
	c.podSecurity(path)
	c.operatingSystem(path)
}

// lifetime validates how long a pod lives and what restarts.
func (c *checker) lifetime(path place) {
	pod := c.pod
	if pod.RestartPolicy != "" {
		choice(c, path.Child("restartPolicy"), pod.RestartPolicy, corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)
	}
	if pod.ActiveDeadlineSeconds != nil {
		c.within(path.Child("activeDeadlineSeconds"), *pod.ActiveDeadlineSeconds, 1, 1<<31-1)
	}
	for i, gate := range pod.ReadinessGates {
		c.qualifiedName(path.Child("readinessGates").Index(i).Child("conditionType"), string(gate.ConditionType))
	}
}

// references validates the names of other objects.
func (c *checker) references(path place) {
	pod := c.pod
	for _, reference := range []struct{ field, name string }{
		{"serviceAccountName", pod.ServiceAccountName}, {"nodeName", pod.NodeName}, {"priorityClassName", pod.PriorityClassName},
	} {
		if reference.name != "" {
			c.subdomain(path.Child(reference.field), reference.name)
		}
	}
	if pod.ServiceAccountName == "" && pod.DeprecatedServiceAccount != "" {
		c.subdomain(path.Child("serviceAccount"), pod.DeprecatedServiceAccount)
	}
	if pod.RuntimeClassName != nil {
		c.subdomain(path.Child("runtimeClassName"), *pod.RuntimeClassName)
	}
	if pod.SchedulingGroup != nil {
		at := path.Child("schedulingGroup", "podGroupName")
		if pod.SchedulingGroup.PodGroupName == nil {
			c.required(at, "")
		} else {
			c.subdomain(at, *pod.SchedulingGroup.PodGroupName)
		}
	}
}
