package state

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// kind returns the original's name of the type of a job.
func (s Job) kind() string {
	if s.MPIJob.Labels[annotations.InteractivePriorityLabel] == annotations.InteractivePriority {
		return "Interactive"
	}
	return "Train"
}

// node returns the node of the pods, "<multiple>" for several, "" for none.
func (s Job) node() string {
	switch nodes := s.nodes(); len(nodes) {
	case 0:
		return ""
	case 1:
		return nodes[0]
	}
	return "<multiple>"
}

// nodes returns the nodes of the pods.
func (s Job) nodes() []string {
	var nodes []string
	for _, pod := range s.current() {
		if node := pod.Spec.NodeName; node != "" && !slices.Contains(nodes, node) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

func (s Job) image() string {
	if launcher, present := mpijob.TemplateOf(s.MPIJob, mpijob.Launcher); present && launcher.Main() != nil {
		return launcher.Main().Image
	}
	return ""
}

// user returns who submitted the job, as authenticated by the API server.
func (s Job) user() string {
	stamp, err := annotations.ParseStamp(s.MPIJob.Annotations)
	if err != nil || stamp == nil {
		return ""
	}
	return stamp.Username
}

// queue returns the queue of the job, of Kueue or of the KAI scheduler, "" for none.
func (s Job) queue() string {
	return cmp.Or(s.MPIJob.Labels[kueueQueueLabel], s.MPIJob.Labels[kai.QueueLabel])
}

// runsAs returns the identity that the webhook set, "" if the image or the manifest decides.
func (s Job) runsAs() string {
	stamp, err := annotations.ParseStamp(s.MPIJob.Annotations)
	if err != nil || stamp == nil || stamp.Identity == nil {
		return ""
	}
	return stamp.Identity.String()
}

// age returns the time since then, as kubectl prints it.
func age(then metav1.Time, now time.Time) string {
	if then.IsZero() {
		return ""
	}
	return duration.HumanDuration(now.Sub(then.Time))
}
