package review

import (
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// ProjectIn returns the project as it is in the namespace with these labels. One that the admission policies of pods
// guard requires an identity, because pods without one are refused there.
func ProjectIn(project *v1alpha1.Project, labels map[string]string) *v1alpha1.Project {
	if !requiresIdentity(labels) || project.Spec.Identity == v1alpha1.IdentityRequired {
		return project
	}
	required := *project
	required.Spec.Identity = v1alpha1.IdentityRequired
	return &required
}

// requiresIdentity reports whether the labels of a namespace require an identity.
func requiresIdentity(labels map[string]string) bool {
	return labels[annotations.IdentityLabel] == string(v1alpha1.IdentityRequired)
}
