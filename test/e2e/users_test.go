package e2e

import (
	"fmt"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/saml"
)

// claims are alice's. No image has an entry for any of the IDs.
var claims = map[string]any{
	"preferred_username": "alice@example.com", "sub": "a-1", "posix_uid": 1234567, "posix_gid": 54000, "posix_groups": []int{60001, 60002},
}

var bobs = map[string]any{"preferred_username": "bob@example.com", "sub": "b-2", "posix_uid": 1001, "posix_gid": 1001}

var carols = map[string]any{"preferred_username": "carol@example.com", "sub": "c-3", "posix_uid": 1002, "posix_gid": 1002}

// alice returns the kubeconfig of a user with a token who has the role of researchers in a namespace.
func alice(t *testing.T, namespace string) (kubeconfig string) {
	t.Helper()
	return login(t, namespace, claims).Kubeconfig()
}

// login returns a user with a token who has the role of researchers in a namespace.
func login(t *testing.T, namespace string, claims map[string]any) *env.User {
	t.Helper()
	token, err := broker.Token(claims)
	if err != nil {
		t.Fatal(err)
	}
	return researcher(t, namespace, fmt.Sprint(claims["preferred_username"]), token)
}

// loginBySAML returns the kubeconfig of a person with an assertion who has the role of researchers in a namespace.
func loginBySAML(t *testing.T, namespace string, person saml.Person) (kubeconfig string) {
	t.Helper()
	token, err := chain.Login(person)
	if err != nil {
		t.Fatal(err)
	}
	return researcher(t, namespace, person.Name, token).Kubeconfig()
}

func researcher(t *testing.T, namespace, name, token string) *env.User {
	t.Helper()
	product.AddResearcher(t, namespace, "saml:"+name)
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return user
}
