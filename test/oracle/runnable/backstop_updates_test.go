package runnable_test

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

const (
	kueue     = "system:serviceaccount:kueue-system:kueue-controller-manager"
	grouper   = "system:serviceaccount:kai-scheduler:pod-grouper"
	binder    = "system:serviceaccount:kai-scheduler:binder"
	collector = "system:serviceaccount:kube-system:generic-garbage-collector"
	alice     = "saml:alice"
)

// podUpdates are what controllers do to the pods of jobs.
var podUpdates = map[string]struct {
	user   string
	change func(*corev1.Pod)
	people bool // may do it, too
}{
	"Kueue opens a gate": {kueue, func(pod *corev1.Pod) { pod.Spec.SchedulingGates = nil }, false},
	"Kueue chooses nodes": {kueue, func(pod *corev1.Pod) {
		pod.Spec.NodeSelector = map[string]string{"cloud.example.com/flavor": "spot"}
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpExists})
	}, false},
	"Kueue names the workload": {kueue, func(pod *corev1.Pod) { pod.Annotations["kueue.x-k8s.io/workload"] = "dist1" }, false},
	"KAI groups pods": {grouper, func(pod *corev1.Pod) {
		pod.Annotations["pod-group-name"] = "pg-dist1"
		pod.Labels["kai.scheduler/subgroup-name"] = "workers"
	}, false},
	"KAI shares a GPU": {binder, func(pod *corev1.Pod) {
		pod.Annotations["received-resource-type"] = "Fraction"
		pod.Labels["runai-gpu-group"] = "0"
	}, false},
	"the job controller lets a pod go":       {jobController, func(pod *corev1.Pod) { pod.Finalizers = nil }, true},
	"the garbage collector removes an owner": {collector, func(pod *corev1.Pod) { pod.OwnerReferences = nil }, false},
	"a label of one's own":                   {alice, func(pod *corev1.Pod) { pod.Labels["team"] = "a" }, true},
}

// jobUpdates are what controllers do to the Job of a launcher. People must not.
var jobUpdates = map[string]struct {
	user   string
	change func(*batchv1.Job)
}{
	"the operator resumes it": {mpiOperator, func(job *batchv1.Job) { job.Spec.Suspend = new(bool) }},
	"Kueue resumes it": {kueue, func(job *batchv1.Job) {
		job.Spec.Suspend = new(bool)
		job.Spec.Template.Spec.NodeSelector = map[string]string{"cloud.example.com/flavor": "spot"}
		metav1.SetMetaDataLabel(&job.Spec.Template.ObjectMeta, "kueue.x-k8s.io/podset", "launcher")
		metav1.SetMetaDataAnnotation(&job.Spec.Template.ObjectMeta, "kueue.x-k8s.io/workload", "dist1")
	}},
}

// What Kueue, KAI and Kubernetes' controllers do to the pods and Jobs of an admitted job passes, and nobody else does it.
func TestBackstopAcceptsUpdates(t *testing.T) {
	b := newBackstop(t)
	s := newSubmission("plain", mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj())
	s.project.Spec.Identity = "Required"
	launcher, pods, err := b.operator.Made(s.admitted())
	if err != nil {
		t.Fatal(err)
	}
	policies := b.of(t, s)
	for name, pod := range pods {
		pod.Finalizers = []string{batchv1.JobTrackingFinalizer}
		pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/admission"}}
		for what, update := range podUpdates {
			changed := pod.DeepCopy()
			update.change(changed)
			if err := policies.Update(t.Context(), update.user, changed, pod); err != nil {
				t.Errorf("%s of %s: %s", what, name, err)
			}
			if err := policies.Update(t.Context(), alice, changed, pod); (err == nil) != update.people {
				t.Errorf("%s of %s, but as a person: %v", what, name, err)
			}
		}
	}
	suspended := true
	launcher.Spec.Suspend = &suspended
	for what, update := range jobUpdates {
		changed := launcher.DeepCopy()
		update.change(changed)
		if err := policies.Update(t.Context(), update.user, changed, launcher); err != nil {
			t.Errorf("%s: %s", what, err)
		}
		if policies.Update(t.Context(), alice, changed, launcher) == nil {
			t.Errorf("%s, but as a person: not refused", what)
		}
	}
}
