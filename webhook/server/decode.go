package server

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// options read quantities only if that takes a short time.
//
// rule T38 in test/forgery TestT38Creations: a quantity of 11 bytes that takes minutes to read
// without: var options = json.JoinOptions()
var options = json.WithUnmarshalers(json.UnmarshalFunc(readQuantity))

func readQuantity(text []byte, quantity *resource.Quantity) error {
	if !annotations.IsShortQuantity(string(text)) {
		return errors.New("the exponent is too large")
	}
	return quantity.UnmarshalJSON(text)
}

// Decode reads an MPIJob (kubeflow.org/v2beta1) from JSON, without its managed fields. It ignores unknown
// fields: the API server validates them, and patches do not change them. Keys are case-sensitive and must
// not occur twice, so that every reader sees the same job. The error is an API status with the reason
// Invalid and a cause for each field that cannot be decoded.
func Decode(raw []byte) (*v2beta1.MPIJob, error) {
	job := &v2beta1.MPIJob{}
	err := json.Unmarshal(raw, job, options)
	if err == nil {
		job.ManagedFields = nil // long, and nobody reads them here
		return job, nil
	}
	errs := undecodable(raw)
	if len(errs) == 0 {
		errs = field.ErrorList{field.Invalid(field.NewPath("spec"), "", problemOf(err))}
	}
	return nil, Invalid(readName(raw), errs)
}

// problemOf describes an error of no single field without naming a Go type.
func problemOf(err error) string {
	if problem := syntaxProblem(err); problem != "" {
		return "must be valid JSON: " + problem
	}
	return "must be an MPIJob as a JSON object"
}

// syntaxProblem describes an error in the syntax of JSON, or returns "".
func syntaxProblem(err error) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return ""
	}
	return strings.TrimPrefix(syntax.Error(), "jsontext: ")
}

// readName returns the name in a job that is not decoded. It builds nothing else.
func readName(raw []byte) string {
	var job struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(raw, &job, jsontext.AllowDuplicateNames(true)) // the name stays empty
	return job.Metadata.Name
}
