package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// findPod returns the pod that a --pod names. The error lists the job's pods.
func findPod(s state.Job, word string) (*corev1.Pod, error) {
	if pod := s.FindPod(word); pod != nil {
		return pod, nil
	}
	names := s.PodNames()
	if len(names) == 0 {
		return nil, invocation.Failure{invocation.BadValue("--pod", word, "must be a pod of job "+s.MPIJob.Name+", which has no pods yet")}
	}
	text := invocation.BadValue("--pod", word, "must be a pod of job "+s.MPIJob.Name+": "+some(names))
	if nearest := suggest.Nearest(word, names); nearest != "" {
		text += fmt.Sprintf("\nDid you mean %s?", nearest)
	}
	return nil, invocation.Failure{text}
}

// runningContainer returns a container in which a command can run: that of the flags --pod and --container, by default
// the main container of the launcher.
func runningContainer(
	ctx context.Context, client *kube.Client, s state.Job, pod, container string,
) (kube.Container, error) {
	found, err := s.Launcher(), error(nil)
	if pod != "" {
		if found, err = findPod(s, pod); err != nil {
			return kube.Container{}, err
		}
	}
	if found == nil {
		return kube.Container{}, notRunning(ctx, client, s, fmt.Sprintf("job %q has no launcher", s.MPIJob.Name))
	}
	if container == "" {
		container = found.Spec.Containers[0].Name
	}
	names := state.ContainerNames(*found)
	if !slices.Contains(names, container) {
		text := invocation.BadValue("--container", container, fmt.Sprintf("must be a container of pod %s: %s", found.Name, strings.Join(names, ", ")))
		if nearest := suggest.Nearest(container, names); nearest != "" {
			text += fmt.Sprintf("\nDid you mean %s?", nearest)
		}
		return kube.Container{}, invocation.Failure{text}
	}
	if !state.IsRunning(*found, container) {
		return kube.Container{}, notRunning(ctx, client, s, fmt.Sprintf("container %s of pod %s is not running", container, found.Name))
	}
	return kube.Container{Namespace: found.Namespace, Pod: found.Name, Name: container}, nil
}

// notRunning returns an error with the reason, if the job has one.
func notRunning(ctx context.Context, client *kube.Client, s state.Job, what string) error {
	events, _ := client.Events(ctx, s.MPIJob.Namespace) // without them the sentence says less
	why := s.Diagnose(s.EventsOf(events))
	if why == "" {
		why = s.Status()
	}
	return invocation.Failure{what + ". " + why}
}
