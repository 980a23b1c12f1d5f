// Package v1alpha1 is the API that administrators write: policy.run.ai/v1alpha1.
//
// +kubebuilder:object:generate=true
// +groupName=policy.run.ai
package v1alpha1
