package values

import "github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"

// A Project is a Project with its namespaces and its people.
type Project struct {
	Spec       v1alpha1.ProjectSpec `json:"spec,omitzero"`
	Namespaces []Namespace          `json:"namespaces,omitempty"`
	Members    Subjects             `json:"members,omitzero"`
	Viewers    Subjects             `json:"viewers,omitzero"`
	Sessions   *bool                `json:"sessions,omitempty"` // default: unless spec.identity is Required
}

// Namespace is a namespace of a project.
type Namespace struct {
	Name   string            `json:"name" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"`
	Create bool              `json:"create,omitempty"` // default: true
	Labels map[string]string `json:"labels,omitempty"`
}

// Subjects are those of a binding.
type Subjects struct {
	Users           []string         `json:"users,omitempty"`
	Groups          []string         `json:"groups,omitempty"`
	ServiceAccounts []ServiceAccount `json:"serviceAccounts,omitempty"`
}

// A ServiceAccount is a subject.
type ServiceAccount struct {
	Namespace string `json:"namespace" min:"1"`
	Name      string `json:"name" min:"1"`
}
