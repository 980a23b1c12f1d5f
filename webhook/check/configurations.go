package check

import (
	"context"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	admissionregistrationclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"

	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
)

// configurations is what the two webhook configurations say.
type configurations struct {
	results  []Result
	targets  []target
	selected []string // the namespaces that they select, each as a selector
}

// A hook is an entry of a webhook configuration.
type hook struct {
	name     string
	client   admissionregistrationv1.WebhookClientConfig
	selector *metav1.LabelSelector
}

func readConfigurations(ctx context.Context, cluster admissionregistrationclient.AdmissionregistrationV1Interface, name string) configurations {
	var found configurations
	mutating, err := cluster.MutatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{})
	if found.read("MutatingWebhookConfiguration", name, err) {
		var hooks []hook
		for _, webhook := range mutating.Webhooks {
			hooks = append(hooks, hook{webhook.Name, webhook.ClientConfig, webhook.NamespaceSelector})
		}
		found.add(hooks)
	}
	validating, err := cluster.ValidatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{})
	if found.read("ValidatingWebhookConfiguration", name, err) {
		var hooks []hook
		for _, webhook := range validating.Webhooks {
			hooks = append(hooks, hook{webhook.Name, webhook.ClientConfig, webhook.NamespaceSelector})
		}
		found.add(hooks)
	}
	return found
}

// read begins the result of a configuration, and reports whether it could be read.
func (c *configurations) read(kind, name string, err error) bool {
	result := Result{Subject: kind + " " + name}
	switch {
	case apierrors.IsNotFound(err):
		result.Problem = "not found, so no job is reviewed: install the chart again"
	case err != nil:
		result.Problem = "cannot read it: " + apiserver.Explain(err).Error()
	}
	c.results = append(c.results, result)
	return err == nil
}

// add adds the entries of the configuration that was read last.
func (c *configurations) add(hooks []hook) {
	result := &c.results[len(c.results)-1]
	if len(hooks) == 0 {
		result.Problem = "it has no webhooks, so no job is reviewed: install the chart again"
	}
	for _, hook := range hooks {
		if len(hook.client.CABundle) == 0 {
			result.Problem = "webhook " + hook.name + " has no caBundle, so the API server cannot call it: " +
				"see whether cert-manager's cainjector runs and the Certificate is ready, or give the bundle in the chart's values"
			continue
		}
		if target := targetOf(hook.client); !slices.ContainsFunc(c.targets, target.equals) {
			c.targets = append(c.targets, target)
		}
		if selector := metav1.FormatLabelSelector(hook.selector); !slices.Contains(c.selected, selector) {
			c.selected = append(c.selected, selector)
		}
	}
}

// targetOf returns where the API server calls a webhook.
func targetOf(config admissionregistrationv1.WebhookClientConfig) target {
	if config.URL != nil {
		called, err := url.Parse(*config.URL)
		if err != nil {
			return target{name: *config.URL, authority: config.CABundle} // the API server refuses such a URL
		}
		port := called.Port()
		if port == "" {
			port = "443"
		}
		return target{
			name: called.String(), host: called.Hostname(), address: net.JoinHostPort(called.Hostname(), port),
			path: path.Join("/", called.Path), authority: config.CABundle,
		}
	}
	service := config.Service
	port, called := "443", "/"
	if service.Port != nil {
		port = strconv.Itoa(int(*service.Port))
	}
	if service.Path != nil {
		called = *service.Path
	}
	host := service.Name + "." + service.Namespace + ".svc"
	return target{
		name: "Service " + service.Namespace + "/" + service.Name + " " + called, host: host, address: net.JoinHostPort(host, port),
		path: called, authority: config.CABundle,
	}
}
