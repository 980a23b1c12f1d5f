package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Project holds an administrator's decisions for the jobs of one project. A namespace belongs to the
// project that its label names. The label's key is the cluster policy's projectLabel.
//
// +kubebuilder:object:root=true
// +kubebuilder:metadata:annotations="policy.run.ai/revision=2"
// +kubebuilder:resource:scope=Cluster,categories=runai
// +kubebuilder:printcolumn:name="Train",type=string,JSONPath=`.spec.nodeAffinity.train`
// +kubebuilder:printcolumn:name="Interactive",type=string,JSONPath=`.spec.nodeAffinity.interactive`
// +kubebuilder:printcolumn:name="Identity",type=string,JSONPath=`.spec.identity`
// +kubebuilder:printcolumn:name="Warn-only-until",type=string,JSONPath=`.spec.warnOnlyUntil`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be at most 63 characters"
type Project struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ProjectSpec `json:"spec,omitempty"`
}

// ProjectSpec configures one project.
type ProjectSpec struct {
	// The node types that the project's jobs may run on.
	// +optional
	NodeAffinity NodeAffinity `json:"nodeAffinity,omitempty"`

	// The scheduler's queue for the project's jobs. Default: the project's name.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	// +optional
	Queue string `json:"queue,omitempty"`

	// Which jobs run as their submitter. Disabled: none. Optional: jobs that request it. Required: all.
	// +kubebuilder:default=Optional
	// +optional
	Identity IdentityMode `json:"identity,omitempty"`

	// What pods may use of their node. A project can deny what the cluster policy allows, but not allow what
	// it denies.
	// +optional
	Restrictions Restrictions `json:"restrictions,omitempty"`

	// Storage outside of claims that jobs of this project may mount, in addition to what the cluster policy
	// lists. It matters only with identity Required.
	// +optional
	SharedStorage SharedStorage `json:"sharedStorage,omitempty"`

	// Until the end of this day (UTC) jobs that do not ask for anything of run.ai are stored as they are, with a
	// warning of what would be refused or changed. Even with identity Required they can set any uid and gid until
	// then. The label run.ai/warn-only-until of a namespace replaces the date for the namespace. Default: jobs are
	// judged from the beginning.
	// +kubebuilder:validation:Format=date
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
	// +optional
	WarnOnlyUntil string `json:"warnOnlyUntil,omitempty"`
}

// SharedStorage lists what a job with an identity may mount by itself. The node mounts it as root and does
// not check the permissions of the directories above, so each entry is one exact path.
type SharedStorage struct {
	// The paths of hostPath volumes: absolute and clean, for example /scratch/team-a.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^(/([^/.:][^/:]*|\.[^/.:][^/:]*|\.\.[^/:]+))+$`
	// +optional
	HostPaths []string `json:"hostPaths,omitempty"`
	// The exports of nfs volumes, as SERVER:/PATH, for example nas.example.com:/export/team-a.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^[^/\s]+:(/([^/.:][^/:]*|\.[^/.:][^/:]*|\.\.[^/:]+))+$`
	// +optional
	NFS []string `json:"nfs,omitempty"`
}

// NodeAffinity lists node types: values of the node label that nodeTypeLabel of the cluster policy names.
type NodeAffinity struct {
	// The node types for training jobs. Default: any node.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	// +optional
	Train []string `json:"train,omitempty"`

	// The node types for interactive jobs. Default: any node.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	// +optional
	Interactive []string `json:"interactive,omitempty"`

	// Where launchers run. Listed: on the node types above, like the workers. Any: on any node, if the launcher runs no
	// ranks and requests no GPUs or other devices. Default: Listed.
	// +optional
	Launcher LauncherNodes `json:"launcher,omitempty"`
}

// LauncherNodes says which nodes launchers may run on.
// +kubebuilder:validation:Enum=Listed;Any
type LauncherNodes string

// The nodes of launchers. An empty value means Listed.
const (
	LauncherListed LauncherNodes = "Listed"
	LauncherAny    LauncherNodes = "Any"
)

// IdentityMode is how a project treats the submitter's identity.
// +kubebuilder:validation:Enum=Disabled;Optional;Required
type IdentityMode string

// The identity modes. An empty mode means Optional.
const (
	IdentityDisabled IdentityMode = "Disabled"
	IdentityOptional IdentityMode = "Optional"
	IdentityRequired IdentityMode = "Required"
)

// Restrictions allow or deny the fields through which a pod reaches into its node.
type Restrictions struct {
	// Allow or Deny volumes of the type hostPath. Default: the cluster policy's.
	// +optional
	HostPath Restriction `json:"hostPath,omitempty"`
	// Allow or Deny pods in the node's network namespace, ports of the node, and requests of probes and hooks to
	// other hosts. Default: the cluster policy's, or Deny with identity Required.
	// +optional
	HostNetwork Restriction `json:"hostNetwork,omitempty"`
	// Allow or Deny pods in the node's IPC namespace. Default: the cluster policy's.
	// +optional
	HostIPC Restriction `json:"hostIPC,omitempty"`
}

// Restriction is Allow or Deny.
// +kubebuilder:validation:Enum=Allow;Deny
type Restriction string

// The restrictions.
const (
	Allow Restriction = "Allow"
	Deny  Restriction = "Deny"
)

// Stricter returns restrictions that deny what r or other denies.
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
