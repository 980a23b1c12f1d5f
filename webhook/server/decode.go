package server

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Decode reads an MPIJob (kubeflow.org/v2beta1) from JSON, without its managed fields. It ignores unknown
// fields: the API server validates them, and patches do not change them. Keys are case-sensitive and must
// not occur twice, so that every reader sees the same job. The error is an API status with the reason
// Invalid and a cause for each field that cannot be decoded.
func Decode(raw []byte) (*v2beta1.MPIJob, error) {
	job := &v2beta1.MPIJob{}
	err := json.Unmarshal(raw, job)
	if err == nil {
		job.ManagedFields = nil // long, and nobody reads them here
		return job, nil
	}
	errs := undecodable(raw)
	if len(errs) == 0 {
		errs = field.ErrorList{field.Invalid(field.NewPath("spec"), "", problemOf(err))}
	}
	return nil, apierrors.NewInvalid(v2beta1.SchemeGroupVersionKind.GroupKind(), readName(raw), errs)
}

// problemOf describes an error of no single field without naming a Go type.
func problemOf(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return "must be valid JSON: " + strings.TrimPrefix(syntax.Error(), "jsontext: ")
	}
	return "must be an MPIJob as a JSON object"
}

func readName(raw []byte) string {
	var object metav1.PartialObjectMetadata
	_ = json.Unmarshal(raw, &object) // the name stays empty
	return object.Name
}
