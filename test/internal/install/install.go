package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// CertManagerGroup is the API group of the certificates that cert-manager would issue.
// Here, envtest makes them.
const CertManagerGroup = "cert-manager.io"

const loopback = "127.0.0.1"

// A Product is installed in an environment.
type Product struct {
	*env.Env
	Programs
	// Client is the administrator's client for Kubernetes types, MPIJobs and our own types.
	Client client.Client
	// Webhook is the process of the webhook. Webhook.Stop leaves the webhook configurations in place.
	Webhook *process.Process
	// Policy is the path of the cluster policy that the webhook reads.
	Policy string

	objects chart.Objects
	hooks   envtest.WebhookInstallOptions
}

// Install creates what the chart renders, and starts the webhook.
func Install(ctx context.Context, cluster *env.Env, programs Programs, objects chart.Objects) (*Product, error) {
	p := &Product{Env: cluster, Programs: programs, objects: objects.WithoutHooks()} // their work is done by Install
	var err error
	if p.Client, err = newClient(cluster.Config); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{p.apply, p.configure, p.StartWebhook} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Upgrade restarts the webhook with the policy in newly rendered objects.
func (p *Product) Upgrade(ctx context.Context, objects chart.Objects) error {
	p.objects = objects.WithoutHooks()
	if err := p.Webhook.Stop(); err != nil {
		return err
	}
	return p.StartWebhook(ctx)
}

// apply creates the chart's objects, except the certificates, and the webhook configurations, which need a CA.
func (p *Product) apply(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: chart.Namespace}}
	if err := p.Client.Create(ctx, namespace); err != nil {
		return fmt.Errorf("cannot create the namespace: %w", err)
	}
	for _, object := range p.objects {
		if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") || object.GroupVersionKind().Group == CertManagerGroup {
			continue
		}
		if err := p.Client.Create(ctx, object.DeepCopy()); err != nil {
			return fmt.Errorf("cannot create %s %s of the chart: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return envtest.WaitForCRDs(p.Config, p.objects.CRDs(), envtest.CRDInstallOptions{MaxTime: time.Minute})
}

// configure creates the webhook configurations, changed to call a process on loopback instead of a Service. The
// certificate is also valid for this machine's own address.
func (p *Product) configure(context.Context) error {
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{}
	if err := p.objects.Find("MutatingWebhookConfiguration", "", mutating); err != nil {
		return err
	}
	validating, err := p.validatingWebhooks()
	if err != nil {
		return err
	}
	own, _ := process.OwnAddress() // without one, only the tests that need it fail
	p.hooks = envtest.WebhookInstallOptions{LocalServingHost: loopback, LocalServingHostExternalName: own}
	if err := p.hooks.PrepWithoutInstalling(); err != nil {
		return fmt.Errorf("cannot make the certificate of the webhook: %w", err)
	}
	p.hooks.LocalServingHostExternalName = ""
	p.hooks.MutatingWebhooks = []*admissionregistrationv1.MutatingWebhookConfiguration{mutating}
	p.hooks.ValidatingWebhooks = validating
	if err := errors.Join(p.hooks.ModifyWebhookDefinitions(), p.hooks.Install(p.Config)); err != nil {
		return fmt.Errorf("cannot configure the webhook: %w", err)
	}
	p.AtStop(p.hooks.Cleanup)
	return nil
}

// jobsConfiguration is the name of the configuration of the webhook that validates jobs.
const jobsConfiguration = "admission-runai-mpi"

// validatingWebhooks returns the configuration of the webhook that validates jobs, and then that for sessions, if the
// chart renders it.
func (p *Product) validatingWebhooks() ([]*admissionregistrationv1.ValidatingWebhookConfiguration, error) {
	var all []*admissionregistrationv1.ValidatingWebhookConfiguration
	for _, object := range p.objects {
		if object.GetKind() != "ValidatingWebhookConfiguration" {
			continue
		}
		configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{}
		if err := p.objects.Find(object.GetKind(), object.GetName(), configuration); err != nil {
			return nil, err
		}
		if configuration.Name == jobsConfiguration {
			all = slices.Insert(all, 0, configuration)
			continue
		}
		all = append(all, configuration)
	}
	return all, nil
}
