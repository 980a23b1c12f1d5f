package review

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// leadAway returns an error for each node selector with which an update leads a job with an identity to nodes
// of another operating system, where its ids have no meaning. Other node selectors steer a job.
func leadAway(stored, updated *v2beta1.MPIJob) field.ErrorList {
	stamp := stampOf(stored)
	if stamp == nil || stamp.Identity == nil {
		return nil
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(updated) {
		for _, label := range policy.OSLabels {
			value, present := template.Spec.NodeSelector[label]
			// rule T07 in test/forgery TestT07LedToWindows: to lead a stored job to a Windows node
			if present && value != string(corev1.Linux) && value != nodeSelectorOf(stored, template.Role)[label] {
				errs = append(errs, field.Invalid(template.Path.Child("spec", "nodeSelector").Key(label), value,
					"must be \"linux\" for a job with an identity: Windows has no POSIX users"))
			}
		}
	}
	return errs
}

func nodeSelectorOf(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType) map[string]string {
	if template, present := mpijob.TemplateOf(job, role); present {
		return template.Spec.NodeSelector
	}
	return nil
}
