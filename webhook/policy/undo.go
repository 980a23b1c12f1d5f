package policy

import (
	"encoding/json"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// An Undoing removes from a job what policies wrote to it, perhaps under another cluster policy, project or
// identity.
type Undoing struct {
	// Input has the cluster policy with the keys that the policies wrote to.
	Input
	// Job is the job that is changed.
	Job *v2beta1.MPIJob
	// Workers is the number of workers that the policies wrote.
	Workers string
	// LauncherExempt is set if the project's node types were not written to the launcher.
	LauncherExempt bool
	// Stored, if set, is the job as it was admitted. Then everything that a policy may have written is
	// removed, as far as it equals what is stored. Default: only what Ensure would refuse or leave as it is.
	Stored *v2beta1.MPIJob

	names []string // of the policies
}

// Undo removes what the policies with the given names wrote, the last first.
func (u Undoing) Undo(names []string) {
	u.names = names
	for _, policy := range slices.Backward(Chain) {
		if slices.Contains(names, policy.Name) {
			u.undo(policy)
		}
	}
}

// undo removes the containers, volumes and mounts of a policy, whose names are reserved, and all else that
// the policy itself recognises.
func (u Undoing) undo(policy Policy) {
	owned := policy.owns(u.Job, u.Input)
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		removeFrom(&template.Spec.InitContainers, was.Spec.InitContainers, func(c corev1.Container) bool { return slices.Contains(owned.Containers, c.Name) })
		removeFrom(&template.Spec.Volumes, was.Spec.Volumes, func(v corev1.Volume) bool { return slices.Contains(owned.Volumes, v.Name) })
		if main := template.Main(); main != nil {
			ours := func(m corev1.VolumeMount) bool { return slices.Contains(owned.Volumes, m.Name) }
			removeFrom(&main.VolumeMounts, main.VolumeMounts, ours) // Ensure corrects them in any case
		}
	})
	if policy.Undo != nil {
		policy.Undo(u)
	}
}

// each calls a function with every pod template, and with the template with which its parts must agree to be
// removed.
func (u Undoing) each(undo func(template mpijob.Template, was *corev1.PodTemplateSpec)) {
	for _, template := range mpijob.Templates(u.Job) {
		undo(template, u.was(template))
	}
}

func (u Undoing) was(template mpijob.Template) *corev1.PodTemplateSpec {
	if u.Stored == nil {
		return template.DeepCopy()
	}
	if stored, present := mpijob.TemplateOf(u.Stored, template.Role); present {
		return stored.PodTemplateSpec
	}
	return &corev1.PodTemplateSpec{}
}

// removeEnv removes variables of the main containers, or of those of the given roles.
func (u Undoing) removeEnv(remove func(corev1.EnvVar) bool, of ...v2beta1.MPIReplicaType) {
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		if main := template.Main(); main != nil && (len(of) == 0 || slices.Contains(of, template.Role)) {
			removeFrom(&main.Env, mainOf(was).Env, remove)
		}
	})
}

// removeFrom removes the matching elements that another list has, too. The elements are compared as JSON,
// because a user can write thousands that match.
func removeFrom[T any](list *[]T, was []T, remove func(T) bool) {
	if !slices.ContainsFunc(*list, remove) {
		return // as in a manifest that is applied again
	}
	had := map[string]bool{}
	for _, element := range was {
		if remove(element) {
			had[asJSON(element)] = true
		}
	}
	var kept []T
	for _, element := range *list {
		if !remove(element) || !had[asJSON(element)] {
			kept = append(kept, element)
		}
	}
	*list = kept
}

func asJSON(element any) string {
	text, _ := json.Marshal(element) // a part of a pod
	return string(text)
}

// clearEqual empties a value that equals another one.
func clearEqual[T any](value *T, was T) {
	if patch.Equal(value, &was) {
		var empty T
		*value = empty
	}
}

// deleteEqual deletes a key whose value equals that in another map.
func deleteEqual[K comparable, V any](values map[K]V, was map[K]V, key K) {
	value, present := values[key]
	if old, had := was[key]; present && had && patch.Equal(&value, &old) {
		delete(values, key)
	}
}

// mainOf returns the main container, or an empty one.
func mainOf(template *corev1.PodTemplateSpec) corev1.Container {
	if len(template.Spec.Containers) == 0 {
		return corev1.Container{}
	}
	return template.Spec.Containers[0]
}
