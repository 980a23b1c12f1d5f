package yardstick

import (
	"encoding/json"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Creation returns the AdmissionReview of a creation.
func Creation(job *v2beta1.MPIJob, user authenticationv1.UserInfo) []byte {
	return review(admissionv1.Create, job, nil, user)
}

// Update returns the AdmissionReview of an update.
func Update(job, old *v2beta1.MPIJob, user authenticationv1.UserInfo) []byte {
	return review(admissionv1.Update, job, old, user)
}

func review(operation admissionv1.Operation, job, old *v2beta1.MPIJob, user authenticationv1.UserInfo) []byte {
	request := &admissionv1.AdmissionRequest{
		UID: "1", Operation: operation, Namespace: job.Namespace, Name: job.Name,
		Kind:     metav1.GroupVersionKind(v2beta1.SchemeGroupVersionKind),
		Resource: metav1.GroupVersionResource{Group: v2beta1.GroupName, Version: "v2beta1", Resource: "mpijobs"},
		Object:   runtime.RawExtension{Raw: encode(job)},
		UserInfo: user,
	}
	if old != nil {
		request.OldObject = runtime.RawExtension{Raw: encode(old)}
	}
	return encode(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Request:  request,
	})
}

func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // the types are known
	}
	return text
}
