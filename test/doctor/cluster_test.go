package doctor

import (
	"context"
	"sync"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
	"github.com/runai-mpi/runai-mpi/webhook/doctor/cluster"
)

// namespace is that of a project that requires identities.
const namespace = "runai-vision"

var prepare sync.Once

// withProject adds a project that requires identities, and whatever its namespace needs.
func withProject(t testing.TB) {
	t.Helper()
	prepare.Do(func() {
		product.AddProject(t, "vision", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
		objects, err := chart.Render(t.Context(), "--set", "nfsNetworkPolicy.namespaces={"+namespace+"}")
		if err != nil {
			t.Fatal(err)
		}
		policy := &networkingv1.NetworkPolicy{}
		if err := objects.Find("NetworkPolicy", "", policy); err != nil {
			t.Fatal(err)
		}
		suite.Create(t, product.Client, policy)
		suite.Create(t, product.Client, identity("alice", "alice", 1001))
		suite.Eventually(t, "nothing is found", suite.Soon, func() error { return onlyFound(examine(t)) })
	})
}

func identity(name, subject string, uid int64) *v1alpha1.PosixIdentity {
	return &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PosixIdentitySpec{Subject: subject,
		UID: uid, GID: 2001}}
}

var options = cluster.Options{Configurations: "admission-runai-mpi", Backstop: cluster.BackstopAuto, Outside: true}

// examine reads the whole cluster as its administrator.
func examine(t testing.TB) doctor.Report {
	t.Helper()
	return doctor.Examine(read(t))
}

func read(t testing.TB) *doctor.Snapshot {
	t.Helper()
	snapshot, err := cluster.Read(t.Context(), product.Config, options)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// plant creates objects until the end of the test.
func plant(t testing.TB, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		suite.Create(t, product.Client, object)
		t.Cleanup(func() {
			if err := product.Client.Delete(context.WithoutCancel(t.Context()), object); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		})
	}
}

// change changes a stored object until the end of the test.
func change[T client.Object](t testing.TB, name string, object T, edit func(T)) {
	t.Helper()
	update := func(ctx context.Context, edit func(T)) {
		for range 5 { // the API server writes the status of some
			if err := product.Client.Get(ctx, client.ObjectKey{Namespace: object.GetNamespace(), Name: name}, object); err != nil {
				t.Fatal(err)
			}
			edit(object)
			err := product.Client.Update(ctx, object)
			if err == nil {
				return
			}
			if !apierrors.IsConflict(err) {
				t.Fatal(err)
			}
		}
		t.Fatal("too many conflicts")
	}
	var before T
	update(t.Context(), func(object T) {
		before = object.DeepCopyObject().(T)
		edit(object)
	})
	t.Cleanup(func() {
		update(context.WithoutCancel(t.Context()), func(object T) {
			before.SetResourceVersion(object.GetResourceVersion())
			restore(object, before)
		})
	})
}

// permit gives user eve rules, in a namespace or, if that is "", in the whole cluster.
func permit(t testing.TB, namespace string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	role := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "planted"}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "eve"}}
	meta := metav1.ObjectMeta{Name: "planted", Namespace: namespace}
	if namespace == "" {
		plant(t, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: role,
			Subjects: subjects})
		return
	}
	role.Kind = "Role"
	plant(t, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects})
}
