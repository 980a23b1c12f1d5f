package forgery

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// While the webhook is down, no job can be created, and what a job runs cannot be changed.
func TestT24WebhookIsDown(t *testing.T) {
	namespace, alice := product.AddProject(t, "t24", required), login(t, broker, alices)
	suite.Create(t, alice, mpijobtest.MakeMPIJob("before", namespace).Obj())
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := product.StartWebhook(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}()
	err := alice.Create(t.Context(), mpijobtest.MakeMPIJob("after", namespace).Obj())
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
		t.Errorf("create: got %v", err)
	}
	job := product.Job(t, namespace, "before")
	whatRuns[0].change(job)
	if err := alice.Update(t.Context(), job); !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
		t.Errorf("update: got %v", err)
	}
	runsAs(t, product.Job(t, namespace, "before"), "saml:alice", 1234567, 54000)
}
