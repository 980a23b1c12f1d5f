package e2e

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// The chart's hooks use each of their permissions, and ask for nothing else. Only creating a CRD is not needed here,
// because Helm does it when it installs the chart.
func TestPermissionsOfTheHooks(t *testing.T) {
	namespace := addProject(t, "checked", v1alpha1.ProjectSpec{})
	values := []string{"--set", "check.namespace=" + namespace}
	if err := product.Release.Upgrade(t.Context(), values...); err != nil {
		t.Fatal(err)
	}
	if _, err := product.Release.Helm(t.Context(), "test", chart.Release, "--namespace", chart.Namespace); err != nil {
		t.Fatal(err)
	}
	objects, err := chart.Render(t.Context(), values...)
	if err != nil {
		t.Fatal(err)
	}
	role, clusterRole, prepare := &rbacv1.Role{}, &rbacv1.ClusterRole{}, &rbacv1.ClusterRole{}
	if err := errors.Join(
		objects.Find("Role", chart.Release+"-check", role),
		objects.Find("ClusterRole", chart.Release+"-check", clusterRole),
		objects.Find("ClusterRole", chart.Release+"-prepare", prepare),
	); err != nil {
		t.Fatal(err)
	}
	uses(t, "prepare", prepare.Rules, "create customresourcedefinitions.apiextensions.k8s.io")
	uses(t, "check", slices.Concat(clusterRole.Rules, role.Rules))
}

// uses asserts that a hook needed all permissions but some, and no other.
func uses(t *testing.T, hook string, rules []rbacv1.PolicyRule, unneeded ...string) {
	t.Helper()
	requests, err := audit.RequestsOf(product.AuditLog(), "system:serviceaccount:"+chart.Namespace+":"+chart.Release+"-"+hook)
	if err != nil {
		t.Fatal(err)
	}
	unused, beyond := audit.Compare(rules, requests)
	if diff := cmp.Diff(unneeded, unused) + cmp.Diff([]string(nil), beyond); diff != "" {
		t.Errorf("%s: unused permissions, and requests beyond the role: %s", hook, diff)
	}
}
