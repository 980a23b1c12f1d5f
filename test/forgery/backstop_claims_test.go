package forgery

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A controller makes claims for people who may not, so they are judged like those of ephemeral volumes.
func TestT49Claims(t *testing.T) {
	namespace, alice := product.AddProject(t, "t49-claims", required), login(t, broker, alices)
	applyBackstop(t, "reach")
	create := func(change func(*corev1.PersistentVolumeClaim, *corev1.VolumeMount)) error {
		return alice.Create(t.Context(), statefulSet(namespace, change), client.DryRunAll)
	}
	const contents, sub = "must not choose its contents", "a subPath of shared storage"
	for i, attempt := range []struct {
		name, reason string
		change       func(*corev1.PersistentVolumeClaim, *corev1.VolumeMount)
	}{
		{"a volume of somebody else", contents, func(c *corev1.PersistentVolumeClaim, _ *corev1.VolumeMount) {
			c.Spec.VolumeName = "bobs"
		}},
		{"a selector", contents, func(c *corev1.PersistentVolumeClaim, _ *corev1.VolumeMount) {
			c.Spec.Selector = &metav1.LabelSelector{}
		}},
		{"a clone", contents, func(c *corev1.PersistentVolumeClaim, _ *corev1.VolumeMount) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "bobs"}
		}},
		{"an annotation", "must not have annotations", func(c *corev1.PersistentVolumeClaim, _ *corev1.VolumeMount) {
			c.Annotations = map[string]string{"nfs.io/storage-path": "bob"}
		}},
		// The controller uses a claim that exists.
		{"a directory of a claim", sub, func(_ *corev1.PersistentVolumeClaim, m *corev1.VolumeMount) { m.SubPath = "home/bob" }},
		{"an expression", sub, func(_ *corev1.PersistentVolumeClaim, m *corev1.VolumeMount) { m.SubPathExpr = "home/$(USER)" }},
	} {
		refused := func() error { return suite.Refused(create(attempt.change), attempt.reason) }
		if i == 0 {
			suite.Eventually(t, "the policies are active", suite.Soon, refused)
		} else if err := refused(); err != nil {
			t.Errorf("%s: %s", attempt.name, err)
		}
	}
	if err := create(func(*corev1.PersistentVolumeClaim, *corev1.VolumeMount) {}); err != nil {
		t.Errorf("a new claim: %s", err)
	}
}

// statefulSet returns one with a claim of its own.
func statefulSet(namespace string, change func(*corev1.PersistentVolumeClaim, *corev1.VolumeMount)) *appsv1.StatefulSet {
	made := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "tried", Namespace: namespace}}
	labels := map[string]string{"app": "tried"}
	made.Spec.Selector, made.Spec.Template.Labels = &metav1.LabelSelector{MatchLabels: labels}, labels
	made.Spec.Template.Spec = confinedPod(namespace).Spec
	claim := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *newQuantity("1Gi")}},
	}}
	mount := corev1.VolumeMount{Name: "data", MountPath: "/data"}
	change(&claim, &mount)
	made.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{claim}
	made.Spec.Template.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{mount}
	return made
}
