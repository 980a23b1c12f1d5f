package forgery

import (
	"context"
	"maps"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// alices are the claims of alice, who is the target of some attempts and makes others.
var alices = map[string]any{
	"preferred_username": "alice", "sub": "a-1", "posix_uid": 1234567, "posix_gid": 54000, "posix_groups": []int{60002, 60001},
}

var bobs = map[string]any{"preferred_username": "bob", "sub": "b-2", "posix_uid": "1001", "posix_gid": "1001"}

// with returns the claims with changes.
func with(claims map[string]any, changes map[string]any) map[string]any {
	all := maps.Clone(claims)
	maps.Copy(all, changes)
	return all
}

// login returns a client with a token and all permissions, so that only the product can refuse.
func login(t *testing.T, from *issuer.Issuer, claims map[string]any) client.Client {
	t.Helper()
	token, err := from.Token(claims)
	if err != nil {
		t.Fatal(err)
	}
	return bearer(t, token)
}

func bearer(t *testing.T, token string) client.Client {
	t.Helper()
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return clientOf(t, user)
}

// permitEverybody gives all users the permissions with which everything is tried, so that only the product can refuse.
func permitEverybody(t *testing.T) {
	t.Helper()
	product.PermitInCluster(t, suite.Everybody,
		install.Verbs("kubeflow.org", []string{"*"}, "*"),
		install.Verbs("batch", []string{"*"}, "*"),
		install.Verbs("apps", []string{"*"}, "*"),
		install.Verbs("", []string{"bindings", "configmaps", "endpoints", "namespaces", "namespaces/status", "services", "services/proxy",
			"pods", "pods/attach", "pods/binding", "pods/ephemeralcontainers", "pods/exec", "pods/portforward", "pods/proxy",
			"pods/status"}, "*"),
		install.Verbs("discovery.k8s.io", []string{"endpointslices"}, "*"),
		install.Verbs("", []string{"secrets"}, "create", "update", "delete"))
}

func clientOf(t *testing.T, user *env.User) client.Client {
	t.Helper()
	permitEverybody(t)
	return product.ClientOf(t, user)
}

// serviceAccount returns the client of a service account, with a token from the API server.
func serviceAccount(t *testing.T, namespace, name string) client.Client {
	t.Helper()
	product.AddNamespace(t, namespace, nil)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := client.IgnoreAlreadyExists(product.Client.Create(t.Context(), account)); err != nil {
		t.Fatal(err)
	}
	request := &authenticationv1.TokenRequest{}
	if err := product.Client.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return bearer(t, request.Status.Token)
}

// whoami returns the user info that the API server has for a client.
func whoami(ctx context.Context, user client.Client) (authenticationv1.UserInfo, error) {
	review := &authenticationv1.SelfSubjectReview{}
	err := user.Create(ctx, review)
	return review.Status.UserInfo, err
}
