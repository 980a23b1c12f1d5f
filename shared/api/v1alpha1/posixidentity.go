package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PosixIdentity maps an authenticated user to a POSIX user. A subject must have only one entry: with two,
// its jobs are refused.
//
// +kubebuilder:object:root=true
// +kubebuilder:metadata:annotations="policy.run.ai/revision=1"
// +kubebuilder:resource:path=posixidentities,scope=Cluster,categories=runai
// +kubebuilder:printcolumn:name="Subject",type=string,JSONPath=`.spec.subject`
// +kubebuilder:printcolumn:name="UID",type=integer,JSONPath=`.spec.uid`
// +kubebuilder:printcolumn:name="GID",type=integer,JSONPath=`.spec.gid`
// +kubebuilder:printcolumn:name="Until",type=date,JSONPath=`.spec.notAfter`
type PosixIdentity struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PosixIdentitySpec `json:"spec"`
}

// PosixIdentitySpec is one POSIX user.
//
// +kubebuilder:validation:XValidation:rule="!self.subject.startsWith('system:') || self.subject.startsWith('system:serviceaccount:')",message="the subject must not be a system user; a service account is allowed"
// +kubebuilder:validation:XValidation:rule="self.subject.startsWith('system:serviceaccount:') == (has(self.namespaces) && self.namespaces.size() > 0)",message="namespaces must be set for a service account, and only for a service account"
type PosixIdentitySpec struct {
	// The exact username that the API server authenticates.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="the subject cannot be changed: create another entry"
	Subject string `json:"subject"`

	// The namespaces in which a service account may use the entry.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +optional
	Namespaces []string `json:"namespaces,omitempty"`

	// The user's UID.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	UID int64 `json:"uid"`

	// The GID of the user's primary group.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	GID int64 `json:"gid"`

	// The GIDs of the user's other groups.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=2147483647
	// +optional
	SupplementalGroups []int64 `json:"supplementalGroups,omitempty"`

	// The name in the passwd file. Default: the subject after its last : and before @.
	// +kubebuilder:validation:Pattern=`^([a-z_][a-z0-9_.-]{0,31})?$`
	// +optional
	UserName string `json:"userName,omitempty"`

	// The home directory: a clean absolute path that is not a system directory. Default: /home/<userName>.
	// +kubebuilder:validation:Pattern=`^(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Home string `json:"home,omitempty"`

	// The time at which the entry expires. Default: never.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`
}

// PosixIdentityList is a list of entries.
//
// +kubebuilder:object:root=true
type PosixIdentityList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PosixIdentity `json:"items"`
}
