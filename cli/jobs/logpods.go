package jobs

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/state"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// checkNames returns an error if the job will never have the pod or the container of the flags.
func (l *Logs) checkNames(s state.Job) error {
	if l.Pod != "" && (!l.Follow || s.IsFinished() || !isExpected(s, l.Pod)) {
		if _, err := findPod(s, l.Pod); err != nil {
			return err
		}
	}
	if names := l.containers(s); l.Container != "" && !slices.Contains(names, l.Container) {
		return invocation.Failure{invocation.BadValue("--container", l.Container, "must be a container of the pod: "+strings.Join(names, ", "))}
	}
	return nil
}

// isExpected reports whether the MPI Operator may still create a pod.
func isExpected(s state.Job, name string) bool {
	name = strings.TrimPrefix(name, s.MPIJob.Name+"-")
	number, err := strconv.ParseUint(strings.TrimPrefix(name, "worker-"), 10, 31)
	return name == "launcher" || err == nil && int64(number) < int64(mpijob.Workers(s.MPIJob))
}

// containers returns the names of the containers that can be read, without repetitions.
func (l *Logs) containers(s state.Job) []string {
	pods := s.Pods
	switch {
	case l.Pod != "" && s.FindPod(l.Pod) != nil:
		pods = []corev1.Pod{*s.FindPod(l.Pod)}
	case l.Pod == "" && !l.AllPods && s.Launcher() != nil:
		pods = []corev1.Pod{*s.Launcher()}
	case len(pods) == 0 || l.Pod != "":
		for _, template := range mpijob.Templates(s.MPIJob) {
			pods = append(pods, corev1.Pod{Spec: template.Spec})
		}
	}
	var names []string
	for _, pod := range pods {
		for _, name := range state.ContainerNames(pod) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
