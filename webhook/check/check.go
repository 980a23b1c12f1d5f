// Package check reports whether an installation of the webhook works, as its API server and its users would find out.
//
// It needs to get both webhook configurations and three CRDs by name, and to create MPIJobs in the namespace of a project,
// as dry runs. It connects to the webhook.
package check

import (
	"context"
	"fmt"
	"time"

	kubeflowclient "github.com/kubeflow/mpi-operator/pkg/client/clientset/versioned/typed/kubeflow/v2beta1"
	apiextensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	admissionregistrationclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	"k8s.io/client-go/rest"
)

// requestTime bounds each request.
const requestTime = 10 * time.Second

// Options say what is checked.
type Options struct {
	// Configurations is the name of both webhook configurations.
	Configurations string
	// Service replaces the address at which the API server calls the webhook, as host:port.
	Service string
	// Namespace is one of a project, in which a job is created without storing it. Default: none is created.
	Namespace string
}

// A Result is what one check found.
type Result struct {
	// Subject is what was checked.
	Subject string
	// Problem says what is wrong and what to do, or is "".
	Problem string
	// Warning says what will be wrong, or what limits the check, or is "".
	Warning string
	// Unreached is set if the problem is that nothing answered.
	Unreached bool
}

func (r Result) String() string {
	switch {
	case r.Problem != "":
		return r.Subject + ": failed: " + r.Problem
	case r.Warning != "":
		return r.Subject + ": ok, with a warning: " + r.Warning
	}
	return r.Subject + ": ok"
}

// Run does all checks, also after one of them has failed. It returns an error if the API server does not answer.
func Run(ctx context.Context, config *rest.Config, options Options) ([]Result, error) {
	cluster, err := newClients(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client: %w", err)
	}
	results, err := crdsOf(ctx, cluster.crds)
	if err != nil {
		return nil, err
	}
	configured := readConfigurations(ctx, cluster.webhooks, options.Configurations)
	results = append(results, configured.results...)
	for _, target := range configured.targets {
		results = append(results, target.check(ctx, options.Service))
	}
	if options.Namespace != "" {
		results = append(results, tryCreation(ctx, cluster.jobs, options, configured.selected))
	}
	return results, nil
}

// clients has a client for each API group that is checked.
type clients struct {
	webhooks admissionregistrationclient.AdmissionregistrationV1Interface
	crds     apiextensionsclient.CustomResourceDefinitionInterface
	jobs     rest.Interface
}

func newClients(config *rest.Config) (clients, error) {
	config = rest.CopyConfig(config)
	config.Timeout, config.QPS, config.WarningHandler = requestTime, -1, rest.NoWarnings{}
	webhooks, err := admissionregistrationclient.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	crds, err := apiextensionsclient.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	jobs, err := kubeflowclient.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	return clients{webhooks, crds.CustomResourceDefinitions(), jobs.RESTClient()}, nil
}
