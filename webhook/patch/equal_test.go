package patch

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestEqual(t *testing.T) {
	limits := func(cpu string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
	}
	spec := corev1.PodSpec{
		NodeSelector: map[string]string{}, Containers: []corev1.Container{{Name: "a", Resources: corev1.ResourceRequirements{Limits: limits("1")}}},
	}
	same := corev1.PodSpec{
		Volumes: []corev1.Volume{}, Containers: []corev1.Container{{Name: "a", Resources: corev1.ResourceRequirements{Limits: limits("1000m")}}},
	}
	other := *same.DeepCopy()
	other.Containers[0].Resources.Limits = limits("1001m")
	for name, test := range map[string]struct {
		a, b corev1.PodSpec
		want bool
	}{"itself": {spec, *spec.DeepCopy(), true}, "written differently": {spec, same, true}, "another amount": {spec, other, false}} {
		if got := Equal(&test.a, &test.b); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
