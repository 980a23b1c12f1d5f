package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

const (
	projects   = 2_000
	namespaces = 5_000
	people     = 20_000
)

// crowd creates everything once. The last project and the last person are created after all others: a webhook
// that knows them knows all.
var crowd = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	unlimited := rest.CopyConfig(product.Config)
	unlimited.QPS = -1
	administrator, err := client.New(unlimited, client.Options{Scheme: product.Client.Scheme()})
	if err != nil {
		return err
	}
	others, groupCtx := errgroup.WithContext(ctx)
	others.SetLimit(64)
	for n := range people - 1 {
		others.Go(func() error { return apply(groupCtx, administrator, person(n)) })
	}
	for n := range projects - 1 {
		others.Go(func() error { return apply(groupCtx, administrator, project(n)) })
	}
	for n := range namespaces - 1 {
		others.Go(func() error { return apply(groupCtx, administrator, namespace(n)) })
	}
	if err := others.Wait(); err != nil {
		return err
	}
	return apply(ctx, administrator, person(people-1), project(projects-1), namespace(namespaces-1))
})

func makeCrowd(t testing.TB) {
	t.Helper()
	start := time.Now()
	if err := crowd(); err != nil {
		t.Fatal(err)
	}
	t.Logf("created %d projects, %d namespaces and %d people in %s", projects, namespaces, people, time.Since(start).Round(time.Second))
}

// apply creates objects as kubectl apply does, with a copy of each in its last-applied annotation.
func apply(ctx context.Context, administrator client.Client, objects ...client.Object) error {
	for _, object := range objects {
		text, err := json.Marshal(object)
		if err != nil {
			return err
		}
		object.SetAnnotations(map[string]string{corev1.LastAppliedConfigAnnotation: string(text)})
		if err := administrator.Create(ctx, object, client.FieldOwner("kubectl-client-side-apply")); err != nil {
			return fmt.Errorf("cannot create %s: %w", object.GetName(), err)
		}
	}
	return nil
}

func project(n int) *v1alpha1.Project {
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: projectName(n)}}
	project.Spec.NodeAffinity = v1alpha1.NodeAffinity{Train: []string{"dgx", "h100"}, Interactive: []string{"t4", "v100"}}
	return project
}

func namespace(n int) *corev1.Namespace {
	labels := map[string]string{config.Default().ProjectLabel: projectName(n % projects), "pod-security.kubernetes.io/enforce": "baseline"}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceName(n), Labels: labels}}
}

func person(n int) *v1alpha1.PosixIdentity {
	person := &v1alpha1.PosixIdentity{
		ObjectMeta: metav1.ObjectMeta{Name: personName(n), Labels: map[string]string{"team": projectName(n % projects)}},
	}
	person.Spec = v1alpha1.PosixIdentitySpec{
		Subject: subject(n), UID: int64(1_000_000 + n), GID: 54000, UserName: personName(n), Home: "/data/home/" + personName(n),
	}
	for group := range 8 {
		person.Spec.SupplementalGroups = append(person.Spec.SupplementalGroups, int64(60_000+(n+group)%projects))
	}
	return person
}

func projectName(n int) string   { return fmt.Sprintf("team-%04d", n) }
func namespaceName(n int) string { return fmt.Sprintf("runai-team-%04d", n) }
func personName(n int) string    { return fmt.Sprintf("user%05d", n) }
func subject(n int) string       { return fmt.Sprintf("saml:%s@example.com", personName(n)) }
