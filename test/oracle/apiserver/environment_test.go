package apiserver

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
)

// installed is the product on an API server where nothing runs.
func installed(t *testing.T) *install.Product {
	t.Helper()
	cluster := env.New(t, env.Options{WithoutOperator: true})
	programs, err := install.Build(t.Context(), cluster.Dir)
	if err != nil {
		t.Fatal(err)
	}
	product, err := install.Install(t.Context(), cluster, programs)
	if err != nil {
		t.Fatal(err)
	}
	return product
}

// researcher is alice, whom nothing but the product hinders.
func researcher(t *testing.T, product *install.Product) client.Client {
	t.Helper()
	if err := product.Permit(t.Context(), "runai-team-a", "saml:alice", install.Verbs("kubeflow.org", []string{"mpijobs"}, rbacv1.VerbAll)); err != nil {
		t.Fatal(err)
	}
	user, err := product.Impersonate(rest.ImpersonationConfig{UserName: "saml:alice", Groups: []string{"system:authenticated"}, Extra: randomjob.Extra})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(user.Config)
	config.WarningHandler = rest.NoWarnings{}
	alice, err := client.New(config, client.Options{Scheme: product.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return alice
}
