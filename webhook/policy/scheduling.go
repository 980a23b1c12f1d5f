package policy

import (
	"cmp"
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
			"Sets the number of launchers to 1 if it is missing, because gang schedulers count the pods. " +
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
			Fields: []string{
				"template.spec.schedulingGates[" + annotations.AdmissionGate + "]", "template.spec.schedulerName",
				// Not written, but no update may change them.
				// rule T35 in test/forgery TestT35QueueOfAStoredJob: to move a stored job to another queue, or to its front
				"spec.runPolicy.schedulingPolicy.queue", "spec.runPolicy.schedulingPolicy.priorityClass",
			},
		}
		if launcher := job.Spec.MPIReplicaSpecs[mpijob.Launcher]; launcher != nil && launcher.Replicas != nil {
			owned.Fields = append(owned.Fields, launcherReplicas)
		}
		if key := in.Cluster.Scheduling.QueueLabel; key != "" {
			owned.Labels = append(owned.Labels, key)
		}
		if isInteractive(job, in) {
			owned.Fields = append(owned.Fields, "spec.runPolicy.backoffLimit")
		}
		return owned
	},
	Undo:  undoScheduling,
	Holds: holdsQueue,
}

func ensureScheduling(job *v2beta1.MPIJob, in Input) field.ErrorList {
	ensureReplicas(job)
	errs := append(ensureQueue(job, in), refusedGang(job, in)...)
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
	if slices.ContainsFunc(spec.SchedulingGates, isOurGate) {
		spec.SchedulingGates = slices.DeleteFunc(spec.SchedulingGates, isOurGate)
	}
}

func isOurGate(gate corev1.PodSchedulingGate) bool { return gate.Name == annotations.AdmissionGate }

// IsGated reports whether a pod of the job has the gate of the command line.
func IsGated(job *v2beta1.MPIJob) bool {
	return slices.ContainsFunc(mpijob.Templates(job), func(template mpijob.Template) bool {
		return slices.ContainsFunc(template.Spec.SchedulingGates, isOurGate)
	})
}

func ensureScheduler(template mpijob.Template, cluster *config.ClusterPolicy) field.ErrorList {
	errs := refuseNodeName(template)
	if name := cluster.Scheduling.SchedulerName; name != "" {
		errs = append(errs, ensureValue(&template.Spec.SchedulerName, name, template.Path.Child("spec", "schedulerName"), "the cluster policy")...)
	}
	return errs
}

func refuseNodeName(template mpijob.Template) field.ErrorList {
	if template.Spec.NodeName == "" {
		return nil
	}
	return field.ErrorList{field.Forbidden(template.Path.Child("spec", "nodeName"),
		"bypasses the scheduler and the project's node types: remove it and use "+annotations.NodeTypeKey)}
}

func queueOf(in Input) string { return cmp.Or(in.Project.Spec.Queue, in.Project.Name) }

// ensureQueue labels the job, and for the KAI scheduler also the pods, whose label it reads.
func ensureQueue(job *v2beta1.MPIJob, in Input) field.ErrorList {
	key, queue := in.Cluster.Scheduling.QueueLabel, queueOf(in)
	if key == "" {
		return nil
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

// holdsQueue returns an error for a job that is in the queue of another project, or on a node that no scheduler
// chose.
func holdsQueue(job *v2beta1.MPIJob, in Input) field.ErrorList {
	errs := ensureQueue(job.DeepCopy(), in)
	if key := in.Cluster.Scheduling.QueueLabel; key != "" && job.Labels[key] == "" {
		errs = append(errs, field.Required(field.NewPath("metadata", "labels").Key(key), "must be the queue of project "+in.Project.Name+", "+shown(queueOf(in))))
	}
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, refuseNodeName(template)...)
	}
	return errs
}

// undoScheduling removes the scheduler and the queue. What an interactive job gets is the same under every
// cluster policy, and its author may have written it.
func undoScheduling(u Undoing) {
	key, stored := u.Cluster.Scheduling.QueueLabel, cmp.Or(u.Stored, u.Job)
	undoReplicas(u)
	deleteEqual(u.Job.Labels, stored.Labels, key)
	if u.Stored != nil && isInteractive(stored, u.Input) {
		deleteEqual(u.Job.Labels, stored.Labels, annotations.InteractivePriorityLabel)
		clearEqual(&u.Job.Spec.RunPolicy.BackoffLimit, stored.Spec.RunPolicy.BackoffLimit)
	}
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		removeGate(&template.Spec)
		if name := u.Cluster.Scheduling.SchedulerName; u.Stored != nil || template.Spec.SchedulerName == name { // otherwise the author's
			clearEqual(&template.Spec.SchedulerName, was.Spec.SchedulerName)
		}
		deleteEqual(template.Labels, was.Labels, key)
	})
}
