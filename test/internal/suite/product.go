package suite

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// AddProject creates a project and its namespace, and waits until jobs are admitted there.
func (p *Product) AddProject(t testing.TB, name string, spec v1alpha1.ProjectSpec) (namespace string) {
	t.Helper()
	namespace, err := p.Product.AddProject(t.Context(), name, spec)
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

// AddNamespace creates a namespace, which belongs to a project only if its labels say so.
func (p *Product) AddNamespace(t testing.TB, name string, labels map[string]string) {
	t.Helper()
	if err := p.Product.AddNamespace(t.Context(), name, labels); err != nil {
		t.Fatal(err)
	}
}

// Upgrade changes the cluster policy until the end of the test.
func (p *Product) Upgrade(t testing.TB, helmArgs ...string) {
	t.Helper()
	upgrade := func(ctx context.Context, helmArgs ...string) {
		objects, err := chart.Render(ctx, helmArgs...)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Product.Upgrade(ctx, objects); err != nil {
			t.Fatal(err)
		}
	}
	upgrade(t.Context(), helmArgs...)
	t.Cleanup(func() { upgrade(context.WithoutCancel(t.Context())) })
}

// Permit grants a user the rules in a namespace.
func (p *Product) Permit(t testing.TB, namespace, user string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	if err := p.Product.Permit(t.Context(), namespace, user, rules...); err != nil {
		t.Fatal(err)
	}
}

// AddResearcher binds the chart's role of researchers to a user, in a namespace.
func (p *Product) AddResearcher(t testing.TB, namespace, user string) {
	t.Helper()
	if err := p.Product.AddResearcher(t.Context(), namespace, user); err != nil {
		t.Fatal(err)
	}
}

// AddSession binds the chart's role that allows sessions in pods to a user, in a namespace.
func (p *Product) AddSession(t testing.TB, namespace, user string) {
	t.Helper()
	if err := p.Product.AddSession(t.Context(), namespace, user); err != nil {
		t.Fatal(err)
	}
}

// Everybody is the group of all authenticated users.
var Everybody = rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "system:authenticated"}

// PermitInCluster grants the rules to a user or a group, in every namespace.
func (p *Product) PermitInCluster(t testing.TB, subject rbacv1.Subject, rules ...rbacv1.PolicyRule) {
	t.Helper()
	// One binding serves all who ask for the same.
	name := fmt.Sprintf("permitted-%x", sha256.Sum256([]byte(fmt.Sprint(subject, rules))))[:40]
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{subject},
	}
	for _, object := range []client.Object{role, binding} {
		if err := client.IgnoreAlreadyExists(p.Client.Create(t.Context(), object)); err != nil {
			t.Fatal(err)
		}
	}
	for _, rule := range rules {
		p.AwaitPermission(t, subject, "", rule)
	}
}

// AwaitPermission waits until the API server allows a user or a group what a rule says.
func (p *Product) AwaitPermission(t testing.TB, subject rbacv1.Subject, namespace string, rule rbacv1.PolicyRule) {
	t.Helper()
	if err := p.Product.AwaitPermission(t.Context(), subject, namespace, rule); err != nil {
		t.Fatal(err)
	}
}

// ClientOf returns a client for a user, which ignores warnings.
func (p *Product) ClientOf(t testing.TB, user *env.User) client.Client {
	t.Helper()
	config := rest.CopyConfig(user.Config)
	config.WarningHandler = rest.NoWarnings{}
	c, err := client.New(config, client.Options{Scheme: p.Client.Scheme(), Mapper: p.Client.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Create creates objects as the administrator.
func (p *Product) Create(t testing.TB, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		Create(t, p.Client, object)
	}
}

// CreateManifest creates the objects in a manifest, with kubectl.
func (p *Product) CreateManifest(t testing.TB, namespace, text string) {
	t.Helper()
	Kubectl(t, p.User, text, "create", "-n", namespace, "-f", "-")
}

// Job returns a stored job.
func (p *Product) Job(t testing.TB, namespace, name string) *v2beta1.MPIJob {
	t.Helper()
	job := &v2beta1.MPIJob{}
	if err := p.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, job); err != nil {
		t.Fatal(err)
	}
	return job
}

// Jobs returns the jobs in a namespace.
func (p *Product) Jobs(t testing.TB, namespace string) []v2beta1.MPIJob {
	t.Helper()
	var jobs v2beta1.MPIJobList
	if err := p.Client.List(t.Context(), &jobs, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	return jobs.Items
}

// Pods returns the pods in a namespace that the options select.
func (p *Product) Pods(t testing.TB, namespace string, options ...client.ListOption) []corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	if err := p.Client.List(t.Context(), &pods, append(options, client.InNamespace(namespace))...); err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// HasPods returns an error unless a namespace has this many pods.
func (p *Product) HasPods(t testing.TB, namespace string, want int, options ...client.ListOption) error {
	t.Helper()
	if pods := p.Pods(t, namespace, options...); len(pods) != want {
		return fmt.Errorf("%d pods in %s, want %d", len(pods), namespace, want)
	}
	return nil
}

// HasNo returns an error unless an object is gone.
func (p *Product) HasNo(t testing.TB, object client.Object) error {
	t.Helper()
	err := p.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object)
	if err == nil {
		return fmt.Errorf("%s still exists, with the finalizers %v", object.GetName(), object.GetFinalizers())
	}
	return client.IgnoreNotFound(err)
}

// Runai runs the real runai as the administrator.
func (p *Product) Runai(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return p.RunaiAs(t, p.Kubeconfig(), args...)
}

// RunaiAs runs the real runai with a kubeconfig.
func (p *Product) RunaiAs(t testing.TB, kubeconfig string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	stdout, stderr, code, err := p.RunRunai(t.Context(), kubeconfig, args...)
	if err != nil {
		t.Fatal(err)
	}
	return stdout, stderr, code
}
