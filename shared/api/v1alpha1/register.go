package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API's group and version, policy.run.ai/v1alpha1.
var GroupVersion = schema.GroupVersion{Group: "policy.run.ai", Version: "v1alpha1"}

// AddToScheme adds the types of this API to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &Project{}, &ProjectList{}, &PosixIdentity{}, &PosixIdentityList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
