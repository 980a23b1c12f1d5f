package server

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// allow allows a request with a patch.
func allow(operations []patch.Operation, warnings []string, audit map[string]string) admission.Response {
	text, err := patch.Marshal(operations)
	if err != nil {
		return refuse(err)
	}
	patchType := admissionv1.PatchTypeJSONPatch
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: true, Patch: text, PatchType: &patchType, Warnings: warnings,
		AuditAnnotations: audit,
	}}
}

// refuse answers with an error. The causes of an API status reach the client unchanged.
func refuse(err error) admission.Response {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		status = apierrors.NewInternalError(err)
	}
	result := status.Status()
	result.Message = cut(result.Message, longestMessage)
	response := admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: &result}}
	if reasons := reasonsFor(err); len(reasons) > 0 {
		response.AuditAnnotations = map[string]string{auditReasons: strings.Join(reasons, " ")}
	}
	return response
}

// invalid returns the refusal of a job.
func invalid(job *v2beta1.MPIJob, errs field.ErrorList) error {
	return Invalid(cmp.Or(job.Name, job.GenerateName), errs)
}

// Causes returns a line for each cause of a refusal, or the text of another error.
func Causes(err error) []string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return []string{err.Error()}
	}
	var lines []string
	for _, cause := range status.Status().Details.Causes {
		lines = append(lines, cause.Field+": "+cause.Message)
	}
	return lines
}

// unavailable returns a 503 that tells the client to try again in a second. Neither kubectl nor client-go
// tries again unless it is told when.
func unavailable(format string, args ...any) error {
	err := apierrors.NewServiceUnavailable(fmt.Sprintf(format, args...))
	err.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
	return err
}
