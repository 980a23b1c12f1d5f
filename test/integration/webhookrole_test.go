package integration

import (
	"errors"
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The webhook uses each of its permissions, and asks for nothing else, on new and on old API servers.
func TestPermissionsOfTheWebhook(t *testing.T) {
	rules := clusterRole(t, chart.Release)
	user := fmt.Sprintf("system:serviceaccount:%s:%s", chart.Namespace, chart.Release)
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), user)
		return errors.Join(err, audit.Exact(rules, audit.OnOlderServers(requests)))
	})
	t.Setenv("KUBE_FEATURE_WatchListClient", "false") // as the client falls back to on an older server
	product.StartReplica(t, install.ReplicaOptions{Name: "lists"})
	suite.Eventually(t, "each permission is used by a client that lists", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), user)
		return errors.Join(err, audit.Exact(rules, requests))
	})
}

func clusterRole(t *testing.T, name string) []rbacv1.PolicyRule {
	t.Helper()
	role := &rbacv1.ClusterRole{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: name}, role); err != nil {
		t.Fatal(err)
	}
	return role.Rules
}
