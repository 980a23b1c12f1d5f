package kai

import (
	"regexp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The reasons of KAI's events.
const (
	// Unschedulable is an event of a pod or a PodGroup that finds no room.
	Unschedulable = "Unschedulable"
	// Evict is an event of a PodGroup, one for each pod that has to make room.
	Evict = "Evict"
	// NotReady is an event of a PodGroup that has not all the pods that must start together.
	NotReady = "NotReady"
	// Scheduled is an event of a pod that gets a node.
	Scheduled = "Scheduled"
	// PodGrouperWarning is an event of a pod that cannot be put into a PodGroup.
	PodGrouperWarning = "PodGrouperWarning"
)

// PodGroupAnnotation is the annotation of a pod that names its PodGroup.
const PodGroupAnnotation = "pod-group-name"

// QueueLabel is the label of a job that names its queue, by default.
const QueueLabel = "kai.scheduler/queue"

// PodGroupName returns the name of the PodGroup of a job.
func PodGroupName(job metav1.Object) string {
	return "pg-" + job.GetName() + "-" + string(job.GetUID())
}

var podGroupName = regexp.MustCompile(`^pg-(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// WorkloadOf returns the name of the workload of a PodGroup.
func WorkloadOf(podGroup string) string {
	if match := podGroupName.FindStringSubmatch(podGroup); match != nil {
		return match[1]
	}
	return podGroup
}
