package forgery

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Another webhook rewrites the uid after the last call of ours. This takes a third webhook, since ours is
// called again after a change.
func TestT23LaterWebhook(t *testing.T) {
	namespace, alice := product.AddProject(t, "t23", required), login(t, broker, alices)
	const mark = `{"op":"add","path":"/metadata/labels/marked","value":"yes"}`
	const steal = `{"op":"replace","path":"/spec/mpiReplicaSpecs/Worker/template/spec/securityContext/runAsUser","value":1001}`
	thief := addWebhook(t, "x-thief", func(job *v2beta1.MPIJob) string {
		if job.Labels["marked"] == "" {
			return ""
		}
		return steal
	})
	marker := addWebhook(t, "y-marker", func(*v2beta1.MPIJob) string { return mark })
	suite.Eventually(t, "the later webhooks are called", suite.Soon, func() error {
		if alice.Create(t.Context(), mpijobtest.MakeMPIJob("stolen", namespace).Label("team", "a").Obj(), client.DryRunAll) == nil {
			return errors.New("the job is admitted")
		}
		return nil
	})
	job := mpijobtest.MakeMPIJob("stolen", namespace).Label("team", "a").Obj()
	isRefused(t, "the later change", alice.Create(t.Context(), job), conflicts+"1234567")
	if *thief == 0 || *marker == 0 {
		t.Errorf("the webhooks were called %d and %d times", *thief, *marker)
	}
}

// addWebhook adds another mutating webhook, and counts its calls.
func addWebhook(t *testing.T, name string, patch func(*v2beta1.MPIJob) string) *int {
	t.Helper()
	calls := 0
	product.AddMutatingWebhook(t, name, "t23", admission.HandlerFunc(func(_ context.Context, request admission.Request) admission.Response {
		calls++
		job, kind := &v2beta1.MPIJob{}, admissionv1.PatchTypeJSONPatch
		if err := json.Unmarshal(request.Object.Raw, job); err != nil {
			return admission.Errored(http.StatusBadRequest, err)
		}
		response := admission.Allowed("")
		if operation := patch(job); operation != "" {
			response.Patch, response.PatchType = []byte("["+operation+"]"), &kind
		}
		return response
	}))
	return &calls
}
