package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PosixIdentity is an entry of the directory that identity administrators keep: which POSIX user an
// authenticated user is. One subject has one entry; a subject with two is refused, not guessed.
//
// +kubebuilder:object:root=true
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
// +kubebuilder:validation:XValidation:rule="!self.subject.startsWith('system:') || self.subject.startsWith('system:serviceaccount:')",message="the subject is one of the system's own users"
// +kubebuilder:validation:XValidation:rule="self.subject.startsWith('system:serviceaccount:') == (has(self.namespaces) && self.namespaces.size() > 0)",message="namespaces belong to a service account, and a service account needs them"
type PosixIdentitySpec struct {
	// Subject is the username, exactly as the API server authenticates it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="the subject of an entry stays: make another entry"
	Subject string `json:"subject"`

	// Namespaces are those in which a service account may use the entry.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +optional
	Namespaces []string `json:"namespaces,omitempty"`

	// UID is the user's id.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	UID int64 `json:"uid"`

	// GID is the id of the user's primary group.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	GID int64 `json:"gid"`

	// SupplementalGroups are the ids of the user's further groups.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=2147483647
	// +optional
	SupplementalGroups []int64 `json:"supplementalGroups,omitempty"`

	// UserName is the name in the passwd file. Empty: what the subject says.
	// +kubebuilder:validation:Pattern=`^([a-z_][a-z0-9_.-]{0,31})?$`
	// +optional
	UserName string `json:"userName,omitempty"`

	// Home is the home directory: absolute, clean, and none of the system's. Empty: /home/<userName>.
	// +kubebuilder:validation:Pattern=`^(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Home string `json:"home,omitempty"`

	// NotAfter is when the entry ends.
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
