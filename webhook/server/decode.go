package server

import (
	"github.com/go-json-experiment/json"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Decode reads an MPIJob (kubeflow.org/v2beta1) from JSON. Unknown fields are passed over: they are
// the API server's business, and patches leave them alone. Keys are taken exactly as they are written,
// and one that stands twice is an error, so that no other reader sees another job. The error is a status of reason Invalid
// with a cause for each field that cannot be decoded. The managed fields are left out.
func Decode(raw []byte) (*v2beta1.MPIJob, error) {
	job := &v2beta1.MPIJob{}
	err := json.Unmarshal(raw, job)
	if err == nil {
		job.ManagedFields = nil // the API server's own notes: long, and nobody's business here
		return job, nil
	}
	errs := undecodable(raw)
	if len(errs) == 0 {
		errs = field.ErrorList{field.Invalid(field.NewPath("spec"), "", "cannot be read: "+err.Error())}
	}
	return nil, apierrors.NewInvalid(v2beta1.SchemeGroupVersionKind.GroupKind(), readName(raw), errs)
}

func readName(raw []byte) string {
	var object metav1.PartialObjectMetadata
	_ = json.Unmarshal(raw, &object) // then the name is as empty as it looks
	return object.Name
}
