package e2e

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// claims are those of the user of these tests; none of her ids is on any image.
var claims = map[string][]string{
	"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001", "60002"},
}

// alice is a researcher who may submit jobs in a namespace. The API server takes her claims from an
// impersonating administrator as it would from a token.
func alice(t *testing.T, namespace string) (kubeconfig string) {
	t.Helper()
	allow(t, namespace, "saml:alice@example.com")
	user, err := product.Impersonate(rest.ImpersonationConfig{
		UserName: "saml:alice@example.com", Groups: []string{"system:authenticated"}, Extra: claims,
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.Kubeconfig()
}

// allow lets a user do what a researcher does.
func allow(t *testing.T, namespace, user string) {
	t.Helper()
	for _, object := range []client.Object{
		&rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Name: "researcher", Namespace: namespace},
			Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{"kubeflow.org"}, Resources: []string{"mpijobs"}, Verbs: []string{"create", "get", "list", "delete"}},
				{APIGroups: []string{""}, Resources: []string{"pods", "pods/log", "events"}, Verbs: []string{"get", "list"}},
				{APIGroups: []string{""}, Resources: []string{"secrets", "persistentvolumeclaims"}, Verbs: []string{"create", "delete"}},
			},
		},
		&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "researcher", Namespace: namespace},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "researcher"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: user, APIGroup: rbacv1.GroupName}},
		},
	} {
		if err := product.Client.Create(t.Context(), object); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
}
