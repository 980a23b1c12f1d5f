package e2e

import (
	"errors"
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// As installed here, the webhook uses each of its permissions, and asks for nothing else.
func TestPermissionsOfTheWebhook(t *testing.T) {
	lab.Require(t)
	role := &rbacv1.ClusterRole{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: chart.Release}, role); err != nil {
		t.Fatal(err)
	}
	user := fmt.Sprintf("system:serviceaccount:%s:%s", chart.Namespace, chart.Release)
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), user)
		return errors.Join(err, audit.Exact(role.Rules, audit.OnOlderServers(requests)))
	})
}
