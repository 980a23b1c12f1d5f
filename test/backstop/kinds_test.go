package backstop

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// template returns a pod template that is confined as the policies demand, and runs as somebody.
func template(who identity) corev1.PodTemplateSpec {
	strict, no, yes := corev1.SupplementalGroupsPolicyStrict, false, true
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "steal"}},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsUser: &who.uid, RunAsGroup: &who.gid, SupplementalGroups: who.groups, SupplementalGroupsPolicy: &strict,
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{Name: "main", Image: "example/train", SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		},
	}
}

// A kind makes pods.
type kind struct {
	name   string
	object func(meta metav1.ObjectMeta, who identity) client.Object
	// pods is how many pods the controllers make of it.
	pods int
}

var selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "steal"}}

// once returns the template of pods that may end.
func once(who identity) corev1.PodTemplateSpec {
	made := template(who)
	made.Spec.RestartPolicy = corev1.RestartPolicyNever
	return made
}

var kinds = []kind{
	{"pods", func(meta metav1.ObjectMeta, who identity) client.Object {
		return &corev1.Pod{ObjectMeta: meta, Spec: template(who).Spec}
	}, 1},
	{"jobs", func(meta metav1.ObjectMeta, who identity) client.Object {
		return &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Template: once(who)}}
	}, 1},
	{"cronjobs", func(meta metav1.ObjectMeta, who identity) client.Object {
		job := batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: once(who)}}
		return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{Schedule: "0 0 1 1 *", JobTemplate: job}}
	}, 0},
	{"deployments", func(meta metav1.ObjectMeta, who identity) client.Object {
		return &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template(who)}}
	}, 1},
	{"statefulsets", func(meta metav1.ObjectMeta, who identity) client.Object {
		return &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template(who)}}
	}, 1},
	{"daemonsets", func(meta metav1.ObjectMeta, who identity) client.Object {
		return &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template(who)}}
	}, 1},
	{"replicasets", func(meta metav1.ObjectMeta, who identity) client.Object {
		return &appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template(who)}}
	}, 1},
	{"replicationcontrollers", func(meta metav1.ObjectMeta, who identity) client.Object {
		made := template(who)
		return &corev1.ReplicationController{ObjectMeta: meta, Spec: corev1.ReplicationControllerSpec{Template: &made}}
	}, 1},
	{"jobsets", jobSet, 0}, // nothing here makes pods of it
}

func jobSet(meta metav1.ObjectMeta, who identity) client.Object {
	job, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: once(who)}})
	if err != nil {
		panic(err) // the type is Kubernetes' own
	}
	made := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
		"spec": map[string]any{"replicatedJobs": []any{map[string]any{"name": "main", "template": job}}},
	}}
	made.SetName(meta.Name)
	made.SetNamespace(meta.Namespace)
	return made
}
