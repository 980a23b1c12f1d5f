package cluster

import (
	"context"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// jobs reads the names of jobs and pods without an identity.
func (r *reader) jobs(ctx context.Context) error {
	if err := each(ctx, r, doctor.Jobs, &v2beta1.MPIJobList{}, func(job *v2beta1.MPIJob) {
		if !isFinished(job) && !hasIdentity(job) {
			r.into.AnonymousJobs[job.Namespace] = append(r.into.AnonymousJobs[job.Namespace], job.Name)
		}
	}); err != nil {
		return err
	}
	return each(ctx, r, doctor.Pods, &corev1.PodList{}, func(pod *corev1.Pod) {
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !ended && !hasUID(&pod.Spec) {
			r.into.AnonymousPods[pod.Namespace] = append(r.into.AnonymousPods[pod.Namespace], pod.Name)
		}
	})
}

func isFinished(job *v2beta1.MPIJob) bool {
	for _, condition := range job.Status.Conditions {
		if (condition.Type == v2beta1.JobSucceeded || condition.Type == v2beta1.JobFailed) && condition.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

func hasIdentity(job *v2beta1.MPIJob) bool {
	stamp, err := annotations.ParseStamp(job.Annotations)
	return err == nil && stamp != nil && stamp.Identity != nil
}

// hasUID reports whether a UID is written for every container of a pod.
func hasUID(spec *corev1.PodSpec) bool {
	if spec.SecurityContext != nil && spec.SecurityContext.RunAsUser != nil {
		return true
	}
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for _, container := range containers {
			if container.SecurityContext == nil || container.SecurityContext.RunAsUser == nil {
				return false
			}
		}
	}
	return true
}
