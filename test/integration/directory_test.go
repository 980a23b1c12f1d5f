package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func identityOf(name, subject string, change func(*v1alpha1.PosixIdentitySpec)) *v1alpha1.PosixIdentity {
	entry := &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: name}}
	entry.Spec = v1alpha1.PosixIdentitySpec{
		Subject: subject, UID: 1001, GID: 1002, SupplementalGroups: []int64{2001}, Home: "/data/home/" + name,
	}
	if change != nil {
		change(&entry.Spec)
	}
	return entry
}

// T16 and T17: the directory has the identities of users and service accounts.
func TestDirectory(t *testing.T) {
	product.Upgrade(t, "--set", "policy.identity.sources={Claims,Directory}")
	namespace := product.AddProject(t, "directory", v1alpha1.ProjectSpec{})
	elsewhere := product.AddProject(t, "elsewhere", v1alpha1.ProjectSpec{})
	bob := product.ClientOf(t, as(t, "bob@example.com", nil))
	robot := product.ClientOf(t, as(t, "system:serviceaccount:ci:robot", nil, "system:serviceaccounts"))
	dryRun := func(user client.Client, namespace string) (*annotations.Stamp, error) {
		job := mpijobtest.MakeMPIJob("probe", namespace).Annotation(annotations.RunAsUserKey, "true").Obj()
		if err := user.Create(t.Context(), job, client.DryRunAll); err != nil {
			return nil, err
		}
		return annotations.ParseStamp(job.Annotations)
	}
	refusedWith := func(user client.Client, namespace, want string) {
		t.Helper()
		suite.Eventually(t, want, suite.Soon, func() error {
			_, err := dryRun(user, namespace)
			return suite.Refused(err, want)
		})
	}
	is := func(user client.Client, namespace, name string) {
		t.Helper()
		want := &annotations.Identity{
			UID: 1001, GID: 1002, Groups: []int64{2001}, UserName: name, Home: "/data/home/" + name, Source: "Directory",
		}
		suite.Eventually(t, name, suite.Soon, func() error {
			stamp, err := dryRun(user, namespace)
			if err == nil && !cmp.Equal(want, stamp.Identity) {
				err = fmt.Errorf("the stamp is %s", stamp)
			}
			return err
		})
	}
	add := func(entry *v1alpha1.PosixIdentity) *v1alpha1.PosixIdentity {
		t.Helper()
		product.Create(t, entry)
		t.Cleanup(func() { _ = product.Client.Delete(context.WithoutCancel(t.Context()), entry) }) // it may be gone
		return entry
	}
	refusedWith(bob, namespace, "the cluster has no UID and GID for bob@example.com")
	entry := add(identityOf("bob", "bob@example.com", nil))
	is(bob, namespace, "bob")
	again := add(identityOf("again", "bob@example.com", nil))
	refusedWith(bob, namespace, "bob@example.com has 2 PosixIdentity entries (again and bob)")
	if err := product.Client.Delete(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	is(bob, namespace, "bob")
	past := metav1.Now()
	entry.Spec.NotAfter = &past
	if err := product.Client.Update(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	refusedWith(bob, namespace, "PosixIdentity bob expired on")
	add(identityOf("robot", "system:serviceaccount:ci:robot", func(s *v1alpha1.PosixIdentitySpec) {
		s.Namespaces = []string{namespace}
	}))
	is(robot, namespace, "robot")
	refusedWith(robot, elsewhere, "PosixIdentity robot is not valid in namespace "+elsewhere)
}

func TestInvalidDirectoryEntries(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*v1alpha1.PosixIdentitySpec)
		want   string
	}{
		{"root", func(s *v1alpha1.PosixIdentitySpec) { s.UID = 0 }, "spec.uid"},
		{"root's group", func(s *v1alpha1.PosixIdentitySpec) { s.GID = 0 }, "spec.gid"},
		{"too large", func(s *v1alpha1.PosixIdentitySpec) { s.UID = 1 << 31 }, "spec.uid"},
		{"a group twice", func(s *v1alpha1.PosixIdentitySpec) { s.SupplementalGroups = []int64{7, 7} }, "spec.supplementalGroups"},
		{"a name with a colon", func(s *v1alpha1.PosixIdentitySpec) { s.UserName = "a:b" }, "spec.userName"},
		{"a relative home", func(s *v1alpha1.PosixIdentitySpec) { s.Home = "home" }, "spec.home"},
		{"a home with a line end", func(s *v1alpha1.PosixIdentitySpec) { s.Home = "/home/a\nroot" }, "spec.home"},
		{"the system", func(s *v1alpha1.PosixIdentitySpec) { s.Subject = "system:admin" }, "the subject must not be a system user"},
		{"a service account without namespaces", func(s *v1alpha1.PosixIdentitySpec) { s.Subject = "system:serviceaccount:a:b" },
			"namespaces must be set for a service account"},
		{"a user with namespaces", func(s *v1alpha1.PosixIdentitySpec) { s.Namespaces = []string{"a"} },
			"only for a service account"},
	} {
		err := product.Client.Create(t.Context(), identityOf("invalid", "invalid", test.change), client.DryRunAll)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
	entry := identityOf("stays", "stays", nil)
	product.Create(t, entry)
	entry.Spec.Subject = "another"
	if err := product.Client.Update(t.Context(), entry); err == nil || !strings.Contains(err.Error(), "the subject cannot be changed") {
		t.Errorf("got %v", err)
	}
}
