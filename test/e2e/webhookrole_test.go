package e2e

import (
	"errors"
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
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
	enter(t, addProject(t, "entered", required), "absent")
	user := fmt.Sprintf("system:serviceaccount:%s:%s", chart.Namespace, chart.Release)
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), user)
		return errors.Join(err, audit.Exact(role.Rules, audit.OnOlderServers(requests)))
	})
}

// enter asks for a session in a pod that does not exist, which only the webhook can know.
func enter(t *testing.T, namespace, pod string) {
	t.Helper()
	product.AddSession(t, namespace, "saml:alice@example.com")
	clients, err := kubernetes.NewForConfig(login(t, namespace, claims).Config)
	if err != nil {
		t.Fatal(err)
	}
	err = clients.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec").
		Param("command", "id").Param("stdout", "true").Do(t.Context()).Error()
	if !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}
