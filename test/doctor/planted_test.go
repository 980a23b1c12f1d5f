package doctor

import (
	"context"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
	"github.com/runai-mpi/runai-mpi/webhook/doctor/cluster"
)

var options = cluster.Options{Configurations: "admission-runai-mpi", Backstop: cluster.BackstopAuto, Outside: true}

// examine reads the whole cluster as its administrator.
func examine(t testing.TB) doctor.Report {
	t.Helper()
	snapshot, err := cluster.Read(t.Context(), product.Config, options)
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Examine(snapshot)
}

// plant creates objects until the end of the test.
func plant(t testing.TB, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		suite.Create(t, product.Client, object)
		t.Cleanup(func() {
			if err := product.Client.Delete(context.WithoutCancel(t.Context()), object); err != nil {
				t.Error(err)
			}
		})
	}
}

// permit gives user eve the rules in the whole cluster.
func permit(t testing.TB, rules ...rbacv1.PolicyRule) {
	t.Helper()
	plant(t,
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "planted"}, Rules: rules},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "planted"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "planted"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "eve"}},
		})
}

func TestPlanted(t *testing.T) {
	clean(t)
	for _, test := range []struct {
		check string
		plant func(t *testing.T)
	}{
		{"may-impersonate", func(t *testing.T) { permit(t, install.Verbs("", []string{"users"}, "impersonate")) }},
		{"may-change-projects", func(t *testing.T) { permit(t, install.Verbs("policy.run.ai", []string{"projects"}, "patch")) }},
		{"unknown-project", func(t *testing.T) {
			plant(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "lost", Labels: map[string]string{"runai/queue": "lost", "run.ai/identity": "Optional"}}})
		}},
	} {
		t.Run(test.check, func(t *testing.T) {
			test.plant(t)
			var found []string
			for _, finding := range examine(t).Findings {
				t.Logf("%+v", finding)
				found = append(found, finding.Check)
			}
			if !slices.Equal(found, []string{test.check}) {
				t.Errorf("found %q, want only %s", found, test.check)
			}
		})
	}
}

// clean asserts that nothing is found.
func clean(t testing.TB) {
	t.Helper()
	for _, finding := range examine(t).Findings {
		t.Errorf("found in a clean cluster: %+v", finding)
	}
}
