package install

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// AddProject creates a project and its namespace runai-<name>, and waits until jobs are admitted there.
func (p *Product) AddProject(ctx context.Context, name string, spec v1alpha1.ProjectSpec) (namespace string, err error) {
	project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
	if err := p.Client.Create(ctx, project); err != nil {
		return "", fmt.Errorf("cannot create project %s: %w", name, err)
	}
	namespace = "runai-" + name
	labels := map[string]string{config.Default().ProjectLabel: name, annotations.IdentityLabel: string(v1alpha1.IdentityOptional)}
	if spec.Identity == v1alpha1.IdentityRequired && spec.WarnOnlyUntil == "" {
		labels[annotations.IdentityLabel] = string(spec.Identity)
	}
	if err := p.AddNamespace(ctx, namespace, labels); err != nil {
		return "", err
	}
	return namespace, p.waitForAdmission(ctx, namespace)
}

// AddNamespace creates a namespace with the service account that every pod needs.
func (p *Product) AddNamespace(ctx context.Context, name string, labels map[string]string) error {
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "default"}},
	} {
		if err := p.Client.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("cannot create namespace %s: %w", name, err)
		}
	}
	return nil
}

// waitForAdmission polls with dry runs: the API server learns of a webhook, and the webhook of a namespace,
// only a moment after they exist.
func (p *Product) waitForAdmission(ctx context.Context, namespace string) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true, func(ctx context.Context) (bool, error) {
		probe := mpijobtest.MakeMPIJob("probe", namespace).Gate(annotations.AdmissionGate).Obj() // judged even in a warn-only namespace
		if last = p.Client.Create(ctx, probe, client.DryRunAll); last == nil && probe.Annotations[annotations.AppliedPoliciesKey] == "" {
			last = errors.New("the webhook was not called")
		}
		return last == nil || apierrors.IsInvalid(last), nil // a refusal shows that the webhook reviews jobs
	})
	if err != nil {
		return fmt.Errorf("the webhook does not review jobs in %s: %w: %w", namespace, err, last)
	}
	return nil
}
