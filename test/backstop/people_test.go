package backstop

import (
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// An identity is what the claims of a person say.
type identity struct {
	name     string
	uid, gid int64
	groups   []int64
}

var (
	alice = identity{"alice", 1001, 2001, []int64{2002, 2003}}
	bob   = identity{"bob", 1002, 2001, nil}
)

// login returns a person with a token of the documented issuer and every permission, so that only the product can refuse.
func login(t *testing.T, who identity) *env.User {
	t.Helper()
	claims := map[string]any{"preferred_username": who.name, "sub": who.name, "posix_uid": who.uid, "posix_gid": who.gid}
	if who.groups != nil {
		claims["posix_groups"] = who.groups
	}
	token, err := broker.Token(claims)
	if err != nil {
		t.Fatal(err)
	}
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	product.PermitInCluster(t, suite.Everybody, install.Verbs("*", []string{"*"}, "*"))
	return user
}
