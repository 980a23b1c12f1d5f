package forgery

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func newQuantity(text string) *resource.Quantity {
	quantity := resource.MustParse(text)
	return &quantity
}

func podLabelled(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { metav1.SetMetaDataLabel(&p.ObjectMeta, key, value) }
}

// suspendedLauncher submits a suspended job and returns the Job of its launcher.
func suspendedLauncher(t *testing.T, namespace string, user client.Client) *batchv1.Job {
	t.Helper()
	job := suspended("dist1", namespace)
	inLauncher(func(spec *corev1.PodSpec) { spec.Affinity = onOS(corev1.NodeSelectorOpIn, "linux") })(job)
	suite.Create(t, user, job)
	launcher := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "dist1-launcher"}}
	suite.Eventually(t, "the Job of the launcher exists", suite.Soon, func() error {
		return product.Client.Get(t.Context(), client.ObjectKeyFromObject(launcher), launcher)
	})
	return launcher
}

// A pod runs what it was admitted with.
func TestT52Changes(t *testing.T) {
	namespace, bob, controller := product.AddProject(t, "t52", required), login(t, broker, bobs), as(t, kueue)
	pod := suite.Create(t, product.Client, confinedPod(namespace))
	applyBackstop(t, "changes")
	suite.Eventually(t, "the policies are active", suite.Soon, func() error {
		changed := pod.DeepCopy()
		changed.Spec.Containers[0].Image = "example/steal"
		return suite.Refused(bob.Update(t.Context(), changed, client.DryRunAll), "the images of a pod cannot be changed")
	})
	changed := pod.DeepCopy()
	changed.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e",
		Image: "x"}}}
	for name, user := range map[string]client.Client{"bob": bob, "a controller": controller, "an administrator": product.Client} {
		if err := suite.Refused(user.SubResource("ephemeralcontainers").Update(t.Context(), changed.DeepCopy()),
			"containers cannot be added"); err != nil {
			t.Errorf("an ephemeral container of %s: %s", name, err)
		}
	}
	const labels = "may change the labels by which a job finds its pods"
	seconds := int64(1)
	for _, attempt := range []struct {
		name, reason, subresource string
		change                    func(*corev1.Pod)
		everybody                 bool
	}{
		{"an image", "the images of a pod", "", func(p *corev1.Pod) { p.Spec.Containers[0].Image = "example/steal" }, true},
		{"an image of an init container", "the images of a pod", "",
			func(p *corev1.Pod) { p.Spec.InitContainers[0].Image = "example/steal" }, true},
		{"a deadline", "pods cannot be changed", "", func(p *corev1.Pod) { p.Spec.ActiveDeadlineSeconds = &seconds }, false},
		{"a toleration", "pods cannot be changed", "", func(p *corev1.Pod) {
			p.Spec.Tolerations = append(slices.Clone(p.Spec.Tolerations), corev1.Toleration{Key: "os", Operator: corev1.TolerationOpExists})
		}, false},
		{"an annotation", "may change the annotations", "", podAnnotated("io.katacontainers.x", "y"), false},
		{"an annotation with a status", "may change the annotations", "status", podAnnotated("io.katacontainers.x", "y"), false},
		{"an owner", "may change the owners", "", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "kubeflow.org/v2beta1", Kind: "MPIJob", Name: "dist1", UID: "a"}}
		}, false},
		{"a label", labels, "", podLabelled("training.kubeflow.org/job-role", "worker"), false},
		{"a label with a status", labels, "status", podLabelled("training.kubeflow.org/job-role", "worker"), false},
		// The controller of a Job lets go of a pod without its label, and the pod outlives the Job.
		{"the label of a Job", labels, "", podLabelled(batchv1.ControllerUidLabel, "x"), false},
		{"the label of a Job with a status", labels, "status", podLabelled(batchv1.ControllerUidLabel, "x"), false},
		{"the old label of a Job", labels, "", podLabelled("controller-uid", "x"), false},
		{"the name of a Job", labels, "", podLabelled(batchv1.JobNameLabel, "x"), false},
		{"the old name of a Job", labels, "", podLabelled("job-name", "x"), false},
	} {
		changed := pod.DeepCopy()
		attempt.change(changed)
		update := func(user client.Client) error {
			if attempt.subresource != "" {
				return user.SubResource(attempt.subresource).Update(t.Context(), changed.DeepCopy(), client.DryRunAll)
			}
			return user.Update(t.Context(), changed.DeepCopy(), client.DryRunAll)
		}
		if err := suite.Refused(update(bob), attempt.reason); err != nil {
			t.Errorf("%s: %s", attempt.name, err)
		}
		if err := update(controller); (err == nil) == attempt.everybody {
			t.Errorf("%s by a controller: %v", attempt.name, err)
		}
	}
	changed = pod.DeepCopy()
	changed.Labels = map[string]string{"a": "b"}
	changed.Status.Message = "x"
	if err := bob.Update(t.Context(), changed.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("another label: %s", err)
	}
	if err := bob.SubResource("status").Update(t.Context(), changed.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("a status: %s", err)
	}
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: "n"}}
	binding.Namespace, binding.Name, binding.Annotations = namespace, pod.Name, map[string]string{"io.katacontainers.x": "y"}
	if err := suite.Refused(bob.SubResource("binding").Create(t.Context(), pod, binding.DeepCopy()),
		"only schedulers may bind"); err != nil {
		t.Errorf("a binding: %s", err)
	}
	if err := suite.Refused(bob.Create(t.Context(), binding.DeepCopy()), "only schedulers may bind"); err != nil {
		t.Errorf("an old binding: %s", err)
	}
	revision := &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: namespace},
		Data: runtime.RawExtension{Raw: []byte(`{"a":"b"}`)}}
	if err := suite.Refused(bob.Create(t.Context(), revision.DeepCopy()), "only controllers may write ControllerRevisions"); err != nil {
		t.Errorf("a revision: %s", err)
	}
	suite.Create(t, product.Client, revision)
	testStatefulSetStatus(t, namespace, bob, controller)
}

// The controller of StatefulSets makes pods from the revision in the status, with the volumes in the spec.
func testStatefulSetStatus(t *testing.T, namespace string, bob, controller client.Client) {
	t.Helper()
	set := suite.Create(t, bob, statefulSet(namespace, func(*corev1.PersistentVolumeClaim, *corev1.VolumeMount) {}))
	set.ResourceVersion = "" // the controller of StatefulSets writes the status meanwhile
	set.Status.CurrentRevision = "r"
	if err := suite.Refused(bob.SubResource("status").Update(t.Context(), set.DeepCopy()), "the status of StatefulSets"); err != nil {
		t.Errorf("a revision for a StatefulSet: %s", err)
	}
	if err := controller.SubResource("status").Update(t.Context(), set.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("a revision by a controller: %s", err)
	}
}
