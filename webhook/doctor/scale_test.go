package doctor

import (
	"fmt"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// large returns a cluster with n namespaces of n projects that require identities, n roles and bindings in them, and n
// PosixIdentities.
func large(n int) *Snapshot {
	s := &Snapshot{Now: time.Now(), Policy: config.Default(), Configurations: "admission-runai-mpi", Release: &Deployment{Namespace: "runai-system", Name: "runai-mpi"}}
	for i := range n {
		name := fmt.Sprintf("team-%d", i)
		meta := metav1.ObjectMeta{Name: "role", Namespace: name}
		s.Namespaces = append(s.Namespaces, corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{s.Policy.ProjectLabel: name, "run.ai/identity": "Required"},
		}})
		s.Projects = append(s.Projects, v1alpha1.Project{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired},
		})
		s.Roles = append(s.Roles, rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods", "configmaps", "secrets"}, Verbs: []string{"get", "list"}},
			{APIGroups: []string{"apps", "batch"}, Resources: []string{"*"}, Verbs: []string{"*"}},
		}})
		s.RoleBindings = append(s.RoleBindings, rbacv1.RoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "role"}, Subjects: []rbacv1.Subject{{Kind: "User", Name: name}},
		})
		s.Identities = append(s.Identities, v1alpha1.PosixIdentity{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PosixIdentitySpec{Subject: name, UID: int64(2000 + i), GID: 2000, Home: "/home/" + name},
		})
	}
	rule := admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{"*"},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*/*"}},
	}
	s.MutatingWebhooks = []admissionregistrationv1.MutatingWebhookConfiguration{{Webhooks: []admissionregistrationv1.MutatingWebhook{{
		Rules: []admissionregistrationv1.RuleWithOperations{rule}, NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"run.ai/identity": "Required"}},
	}}}}
	return s
}

// The work is linear in the size of the cluster.
func TestLinear(t *testing.T) {
	allocations := func(n int) float64 {
		return testing.AllocsPerRun(1, func() { Examine(large(n)) })
	}
	small, big := allocations(200), allocations(800)
	t.Logf("%.0f and %.0f allocations", small, big)
	if big > 5*small {
		t.Errorf("four times as much takes %.0f allocations instead of %.0f", big, small)
	}
}

func BenchmarkExamine(b *testing.B) {
	for b.Loop() {
		Examine(large(10_000))
	}
}
