package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Project is what an administrator decides for the jobs of one project. A namespace belongs to the
// project that its label names (the label's key is the ClusterPolicy's projectLabel).
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,categories=runai
// +kubebuilder:printcolumn:name="Train",type=string,JSONPath=`.spec.nodeAffinity.train`
// +kubebuilder:printcolumn:name="Interactive",type=string,JSONPath=`.spec.nodeAffinity.interactive`
// +kubebuilder:printcolumn:name="Identity",type=string,JSONPath=`.spec.identity`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="a project's name is also a label value: at most 63 characters"
type Project struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ProjectSpec `json:"spec,omitempty"`
}

// ProjectSpec is the policy of one project.
type ProjectSpec struct {
	// NodeAffinity lists the node types that the project's jobs may run on.
	// +optional
	NodeAffinity NodeAffinity `json:"nodeAffinity,omitempty"`

	// Queue is the scheduler's queue for the project's jobs. Empty: the project's name.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	// +optional
	Queue string `json:"queue,omitempty"`

	// Identity says whether jobs run as their submitter: Disabled, Optional (where asked) or Required.
	// +kubebuilder:default=Optional
	// +optional
	Identity IdentityMode `json:"identity,omitempty"`

	// Restrictions may forbid what the ClusterPolicy allows, never allow what it denies.
	// +optional
	Restrictions Restrictions `json:"restrictions,omitempty"`
}

// NodeAffinity lists node types: values of the node label that the ClusterPolicy names.
type NodeAffinity struct {
	// Train lists the node types for training jobs. Empty: any node.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	// +optional
	Train []string `json:"train,omitempty"`

	// Interactive lists the node types for interactive jobs. Empty: any node.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	// +optional
	Interactive []string `json:"interactive,omitempty"`
}

// IdentityMode says how a project treats the submitter's identity.
// +kubebuilder:validation:Enum=Disabled;Optional;Required
type IdentityMode string

// The identity modes; an empty one means Optional.
const (
	IdentityDisabled IdentityMode = "Disabled"
	IdentityOptional IdentityMode = "Optional"
	IdentityRequired IdentityMode = "Required"
)

// Restrictions judges the fields through which a pod reaches into its node.
type Restrictions struct {
	// HostPath judges volumes of the kind hostPath.
	// +optional
	HostPath Restriction `json:"hostPath,omitempty"`
	// HostNetwork judges pods in the node's network namespace.
	// +optional
	HostNetwork Restriction `json:"hostNetwork,omitempty"`
	// HostIPC judges pods in the node's IPC namespace.
	// +optional
	HostIPC Restriction `json:"hostIPC,omitempty"`
}

// Restriction is Allow or Deny; empty means Allow.
// +kubebuilder:validation:Enum=Allow;Deny
type Restriction string

// The restrictions.
const (
	Allow Restriction = "Allow"
	Deny  Restriction = "Deny"
)

// Stricter returns the restrictions that deny what either denies.
func (r Restrictions) Stricter(other Restrictions) Restrictions {
	return Restrictions{
		HostPath:    r.HostPath.stricter(other.HostPath),
		HostNetwork: r.HostNetwork.stricter(other.HostNetwork),
		HostIPC:     r.HostIPC.stricter(other.HostIPC),
	}
}

func (r Restriction) stricter(other Restriction) Restriction {
	if r == Deny || other == Deny {
		return Deny
	}
	return Allow
}

// ProjectList is a list of projects.
//
// +kubebuilder:object:root=true
type ProjectList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Project `json:"items"`
}
