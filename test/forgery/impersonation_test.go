package forgery

import (
	"context"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// enter creates a PosixIdentity for one test, and waits until the webhook knows it.
func enter(t *testing.T, user client.Client, namespace string, entry *v1alpha1.PosixIdentity) {
	t.Helper()
	product.Create(t, entry)
	t.Cleanup(func() { _ = product.Client.Delete(context.WithoutCancel(t.Context()), entry) }) // the environment ends anyway
	suite.Eventually(t, "the webhook knows the entry", suite.Soon, func() error {
		return user.Create(t.Context(), mpijobtest.MakeMPIJob("probe", namespace).Obj(), client.DryRunAll)
	})
}

func entryOf(name, subject string, namespaces ...string) *v1alpha1.PosixIdentity {
	return &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.PosixIdentitySpec{Subject: subject, UID: 7001, GID: 7002, Namespaces: namespaces}}
}

// A service account with its own token has an identity only by an entry, and only where the entry is valid.
func TestT16ServiceAccount(t *testing.T) {
	namespace, elsewhere := product.AddProject(t, "t16", required), product.AddProject(t, "t16-elsewhere", required)
	robot := serviceAccount(t, namespace, "robot")
	const username = "system:serviceaccount:runai-t16:robot"
	isRefused(t, "without an entry", robot.Create(t.Context(), mpijobtest.MakeMPIJob("nobody", namespace).Obj()),
		"the cluster has no UID and GID for "+username)
	enter(t, robot, namespace, entryOf("robot", username, namespace))
	runsAs(t, suite.Create(t, robot, mpijobtest.MakeMPIJob("robot", namespace).Obj()), username, 7001, 7002)
	isRefused(t, "elsewhere", robot.Create(t.Context(), mpijobtest.MakeMPIJob("robot", elsewhere).Obj()),
		"is not valid in namespace "+elsewhere)
}

// impersonator returns the client of a user with these permissions who impersonates another.
func impersonator(t *testing.T, name string, who rest.ImpersonationConfig, rules ...rbacv1.PolicyRule) client.Client {
	t.Helper()
	token, err := broker.Token(map[string]any{"preferred_username": name, "sub": name})
	if err != nil {
		t.Fatal(err)
	}
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "saml:" + name}},
	}
	product.Create(t, role, binding)
	product.AwaitPermission(t, binding.Subjects[0], "", rules[0])
	user.Config.Impersonate = who
	return clientOf(t, user)
}

var (
	anybody = rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"users"}, Verbs: []string{"impersonate"}}
	anyUID  = rbacv1.PolicyRule{
		APIGroups: []string{"authentication.k8s.io"},
		Resources: []string{"userextras/run.ai/uid", "userextras/run.ai/gid", "userextras/run.ai/source"},
		Verbs:     []string{"impersonate"},
	}
	aliceUID = rbacv1.PolicyRule{
		APIGroups: anyUID.APIGroups, Resources: anyUID.Resources, Verbs: anyUID.Verbs,
		ResourceNames: []string{"1234567", "54000", "keycloak-hpc"},
	}
)

// A user who may impersonate users, but not their attributes, gets no identity from claims, but
// anybody's from the directory.
func TestT17ImpersonatesUsers(t *testing.T) {
	namespace := product.AddProject(t, "t17", required)
	mallory := impersonator(t, "t17", rest.ImpersonationConfig{UserName: "saml:dora"}, anybody)
	isRefused(t, "by the claims", mallory.Create(t.Context(), mpijobtest.MakeMPIJob("claims", namespace).Obj()),
		"the cluster has no UID and GID for saml:dora")
	enter(t, mallory, namespace, entryOf("dora", "saml:dora"))
	job := suite.Create(t, mallory, mpijobtest.MakeMPIJob("directory", namespace).Obj())
	runsAs(t, job, "saml:dora", 7001, 7002) // as docs/identity.md says
}

// A user who may also impersonate the extra attributes can be anybody, as a cluster administrator can. The API
// server checks each attribute and value.
func TestT18ImpersonatesAttributes(t *testing.T) {
	namespace := product.AddProject(t, "t18", required)
	as := func(uid string) rest.ImpersonationConfig {
		extra := map[string][]string{"run.ai/uid": {uid}, "run.ai/gid": {"54000"}, "run.ai/source": {"keycloak-hpc"}}
		return rest.ImpersonationConfig{UserName: "saml:alice", Extra: extra}
	}
	may := impersonator(t, "t18-may", as("1001"), anybody, anyUID)
	runsAs(t, suite.Create(t, may, mpijobtest.MakeMPIJob("may", namespace).Obj()), "saml:alice", 1001, 54000) // as docs/identity.md says
	for name, user := range map[string]client.Client{
		"users only":     impersonator(t, "t18-users", as("1234567"), anybody),
		"another value":  impersonator(t, "t18-value", as("1001"), anybody, aliceUID),
		"no user at all": impersonator(t, "t18-none", as("1234567"), anyUID),
	} {
		err := user.Create(t.Context(), mpijobtest.MakeMPIJob("must-not", namespace).Obj())
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "cannot impersonate") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
