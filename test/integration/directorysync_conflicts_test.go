package integration

import (
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/webhook/directory"
	"github.com/runai-mpi/runai-mpi/webhook/directory/cluster"
)

// A run changes nothing that somebody else has changed since it looked.
func TestDirectorySyncConflicts(t *testing.T) {
	target, err := cluster.New(product.Config)
	if err != nil {
		t.Fatal(err)
	}
	server := slapd.Start(t, slapd.People(2, 60000), slapd.Options{})
	s := newSynced(t, "conflicts", server, accountsOf("conflicts"))
	s.expect(t, nil, summary(2, 2, 0, 0, 0, 0))
	before := s.identities(t)["conflicts:user1"]
	after := before.DeepCopy()
	after.Spec.UID = 60009
	taken := before.DeepCopy()
	taken.Labels = nil
	if err := product.Client.Update(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	failed := target.Apply(t.Context(), []directory.Action{{Kind: directory.Change, Before: &before, After: after}})
	if len(failed) != 1 || suite.Says(failed[0].Error(), "cannot change PosixIdentity", "has been modified") != nil {
		t.Errorf("got %v", failed)
	}
	if err := product.Client.Delete(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
}

// What fails is reported, does not hold up the rest, and is done by the next run.
func TestDirectorySyncFailsPartly(t *testing.T) {
	user, err := product.AddUser("half-permitted")
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "half-permitted"},
		Rules:      []rbacv1.PolicyRule{install.Verbs("policy.run.ai", []string{"posixidentities"}, "list", "create")},
	}
	product.Create(t, role)
	suite.Kubectl(t, product.User, "", "create", "clusterrolebinding", role.Name, "--clusterrole="+role.Name, "--user=half-permitted")
	server := slapd.Start(t, slapd.People(12, 70000), slapd.Options{})
	s := newSynced(t, "partly", server, accountsOf("partly"))
	s.expect(t, nil, summary(12, 12, 0, 0, 0, 0))
	for _, name := range slapd.Names(12) {
		server.Set(t, slapd.PersonDN(name), "homeDirectory", "/data/"+name)
	}
	server.Add(t, slapd.Person("new", 70999, 5000))
	suite.Eventually(t, "it may list", suite.Soon, func() error {
		lines, stderr, code := s.runAs(t, user.Kubeconfig(), "--lease=default/partly")
		if code != 1 || len(lines) > 0 || strings.Count(stderr, "cannot change PosixIdentity") != 10 || strings.Count(stderr, "\n") != 11 {
			return fmt.Errorf("exit code %d, %q, %s", code, lines, stderr)
		}
		return suite.Says(stderr, "12 of 1", " changes failed: run it again")
	})
	if s.identities(t)["partly:new"].Spec.UID != 70999 {
		t.Error("the new account is not there")
	}
	s.expect(t, nil, summary(13, 0, 12, 0, 0, 0))
}
