package review

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// EnterPod returns nil if each process of a pod runs with ids of the user, and else why the user must not enter it:
// whoever enters a process acts with its ids.
func EnterPod(pod *corev1.Pod, user Submitter) error {
	if user.Identity == nil {
		return user.Unknown
	}
	context := pod.Spec.SecurityContext
	if context == nil || context.RunAsUser == nil || context.RunAsGroup == nil {
		return fmt.Errorf("pod %s does not set its uid and gid, so it may run as somebody else", pod.Name)
	}
	own := *user.Identity
	// rule T60 in test/forgery TestT60Sessions: a pod with another uid
	if *context.RunAsUser != own.UID || *context.RunAsGroup != own.GID {
		return fmt.Errorf("pod %s runs as uid=%d gid=%d, and you are %s: you can only enter pods that run as you",
			pod.Name, *context.RunAsUser, *context.RunAsGroup, own)
	}
	groups := slices.Clone(context.SupplementalGroups)
	if context.FSGroup != nil { // of a pod that is older than the backstop
		groups = append(groups, *context.FSGroup)
	}
	for _, group := range groups {
		// rule T60 in test/forgery TestT60Sessions: a pod with a group of others
		if !belongsTo(own, group) {
			return fmt.Errorf("pod %s runs with group %d, which is not one of yours (%s): you can only enter pods that run as you", pod.Name, group, own)
		}
	}
	return otherContainer(pod, own)
}

func belongsTo(own annotations.Identity, group int64) bool {
	return group == own.GID || slices.Contains(own.Groups, group)
}

// otherContainer returns an error for a container with other ids than its pod's.
func otherContainer(pod *corev1.Pod, own annotations.Identity) error {
	containers := slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers)
	for _, container := range pod.Spec.EphemeralContainers {
		containers = append(containers, corev1.Container(container.EphemeralContainerCommon))
	}
	for _, container := range containers {
		context := container.SecurityContext
		// rule T60 in test/forgery TestT60Sessions: a container with other ids than its pod
		if context != nil && (differs(context.RunAsUser, own.UID) || differs(context.RunAsGroup, own.GID)) {
			return fmt.Errorf("container %s of pod %s runs with other ids than its pod: you can only enter pods that run as you", container.Name, pod.Name)
		}
	}
	return nil
}

func differs(id *int64, own int64) bool { return id != nil && *id != own }
