package server

import (
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// An update is a stored job and the job that would replace it.
type update struct{ stored, updated *v2beta1.MPIJob }

func decodeUpdate(request admission.Request) (update, error) {
	stored, err := Decode(request.OldObject.Raw)
	if err != nil {
		return update{}, err
	}
	updated, err := Decode(request.Object.Raw)
	return update{stored, updated}, err
}

// update allows what only steers a job, restores a job to which its manifest was applied again, and refuses
// the rest.
func (m *Mutator) update(request admission.Request) admission.Response {
	u, err := decodeUpdate(request)
	if err != nil {
		return refuse(err)
	}
	switch verdict := m.Reviewer.ClassifyUpdate(u.stored, u.updated); verdict.Class {
	case review.Steers:
		return admission.Allowed("does not change what the job runs")
	case review.Refused:
		return refuse(unchangeable(u, verdict))
	}
	operations, err := m.Reviewer.Restore(u.stored, request.OldObject.Raw, request.Object.Raw)
	if err != nil {
		return refuse(err)
	}
	return allow(operations, nil, "restored")
}

func unchangeable(u update, verdict review.Verdict) error {
	return invalid(u.stored, field.ErrorList{field.Forbidden(field.NewPath("spec"),
		"what a job runs cannot be changed after submission ("+strings.Join(verdict.Paths, ", ")+"): delete the job and submit it again")})
}
