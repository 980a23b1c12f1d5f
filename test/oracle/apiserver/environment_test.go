package apiserver

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
)

// researcher returns alice's client, with all permissions on MPIJobs, so that only the product can refuse.
func researcher(t *testing.T, product *suite.Product, namespace string) client.Client {
	t.Helper()
	product.Permit(t, namespace, "saml:alice", install.Verbs("kubeflow.org", []string{"mpijobs"}, rbacv1.VerbAll))
	user, err := product.Impersonate(rest.ImpersonationConfig{
		UserName: "saml:alice", Groups: []string{"system:authenticated"}, Extra: randomjob.Extra,
	})
	if err != nil {
		t.Fatal(err)
	}
	return product.ClientOf(t, user)
}
