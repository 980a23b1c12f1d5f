package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// scheduling sets the cluster's scheduler and the project's queue, and removes the gate that the command
// line added: the job has now been reviewed.
var scheduling = Policy{
	Name: "scheduling",
	Doc: Doc{
		Does: "Removes the scheduling gate `run.ai/admission`. Sets the scheduler of every pod, and the queue label of the job to the project's `queue`, or to the project's name; with KAI, the pods get it too. " +
			"An interactive job gets the label `priorityClassName: build` and no retries. " +
			"Another scheduler or queue is refused, and so is `nodeName`.",
		Applies: "To every job.",
		Reads: []string{
			annotations.InteractiveKey, "scheduling.schedulerName", "scheduling.queueLabel", "gpu.fractions", "Project spec.queue",
		},
	},
	Ensure: ensureScheduling,
	Owns: func(job *v2beta1.MPIJob, in Input) Ownership {
		owned := Ownership{
			Labels: []string{annotations.InteractivePriorityLabel},
			Fields: []string{"template.spec.schedulingGates[" + annotations.AdmissionGate + "]", "template.spec.schedulerName"},
		}
		if key := in.Cluster.Scheduling.QueueLabel; key != "" {
			owned.Labels = append(owned.Labels, key)
		}
		if isInteractive(job, in) {
			owned.Fields = append(owned.Fields, "spec.runPolicy.backoffLimit")
		}
		return owned
	},
}

func ensureScheduling(job *v2beta1.MPIJob, in Input) field.ErrorList {
	errs := ensureQueue(job, in)
	for _, template := range mpijob.Templates(job) {
		removeGate(&template.Spec)
		errs = append(errs, ensureScheduler(template, in.Cluster)...)
	}
	if isInteractive(job, in) {
		errs = append(errs, ensureInteractive(job)...)
	}
	return append(errs, contradictoryPriority(job, in)...)
}

func removeGate(spec *corev1.PodSpec) {
	ours := func(gate corev1.PodSchedulingGate) bool { return gate.Name == annotations.AdmissionGate }
	if !slices.ContainsFunc(spec.SchedulingGates, ours) {
		return
	}
	spec.SchedulingGates = slices.DeleteFunc(spec.SchedulingGates, ours)
}

func ensureScheduler(template mpijob.Template, cluster *config.ClusterPolicy) field.ErrorList {
	path := template.Path.Child("spec")
	var errs field.ErrorList
	if name := template.Spec.NodeName; name != "" {
		errs = append(errs, field.Forbidden(path.Child("nodeName"),
			"bypasses the scheduler and the project's node types: remove it and use "+annotations.NodeTypeKey))
	}
	if name := cluster.Scheduling.SchedulerName; name != "" {
		errs = append(errs, ensureValue(&template.Spec.SchedulerName, name, path.Child("schedulerName"), "the cluster policy")...)
	}
	return errs
}

// ensureQueue labels the job, and for the KAI scheduler also the pods, whose label it reads.
func ensureQueue(job *v2beta1.MPIJob, in Input) field.ErrorList {
	key := in.Cluster.Scheduling.QueueLabel
	if key == "" {
		return nil
	}
	queue := in.Project.Spec.Queue
	if queue == "" {
		queue = in.Project.Name
	}
	source := "project " + in.Project.Name + ", whose queue is"
	errs := ensureLabel(&job.ObjectMeta, field.NewPath("metadata"), key, queue, source)
	if policy := job.Spec.RunPolicy.SchedulingPolicy; policy != nil && policy.Queue != "" && policy.Queue != queue {
		errs = append(errs, conflicts(field.NewPath("spec", "runPolicy", "schedulingPolicy", "queue"), policy.Queue, source, shown(queue)))
	}
	for _, template := range mpijob.Templates(job) {
		_, labelled := template.Labels[key]
		if labelled || in.Cluster.GPU.Fractions == config.FractionsKAI {
			errs = append(errs, ensureLabel(&template.ObjectMeta, template.Path.Child("metadata"), key, queue, source)...)
		}
	}
	return errs
}
