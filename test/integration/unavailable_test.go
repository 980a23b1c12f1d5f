package integration

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// A flakyDirectory fails a number of times, and then has no entries.
type flakyDirectory struct{ failures atomic.Int64 }

func (d *flakyDirectory) EntriesOf(context.Context, string) ([]v1alpha1.PosixIdentity, error) {
	if d.failures.Add(-1) >= 0 {
		return nil, apierrors.NewServiceUnavailable("the directory is not available")
	}
	return nil, nil
}

type anyNamespace struct{ project *v1alpha1.Project }

func (n anyNamespace) FactsOf(context.Context, string) (review.NamespaceFacts, error) {
	return review.NamespaceFacts{Project: n.project}, nil
}

type wholeSchema struct{}

func (wholeSchema) KeepsGroupsPolicy(context.Context) (bool, error) { return true, nil }

// A failed lookup reaches the client as a 503, and runai retries.
func TestFailedLookup(t *testing.T) {
	namespace := product.AddProject(t, "lookup", v1alpha1.ProjectSpec{})
	directory, policy := &flakyDirectory{}, config.Default()
	policy.Identity.Sources = []config.IdentitySource{config.SourceDirectory}
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "lookup"}}
	product.AddMutatingWebhook(t, "z-lookup", project.Name, &server.Mutator{
		Lookups:  server.Lookups{Namespaces: anyNamespace{project}, Directory: directory, Schema: wholeSchema{}},
		Reviewer: review.Reviewer{Cluster: policy, Version: "(test)"},
	})
	suite.Eventually(t, "the webhook is called", suite.Soon, func() error {
		directory.failures.Store(1)
		err := product.Client.Create(t.Context(), mpijobtest.MakeMPIJob("probe", namespace).Obj(), client.DryRunAll)
		if !apierrors.IsServiceUnavailable(err) {
			return fmt.Errorf("not a 503: %w", err)
		}
		return nil
	})
	directory.failures.Store(2)
	stdout, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "-o", "name")
	if code != 0 || !strings.HasSuffix(stdout, "dist1\n") || directory.failures.Load() >= 0 {
		t.Errorf("exit code %d, %d failures left: %s%s", code, directory.failures.Load()+1, stdout, stderr)
	}
}
