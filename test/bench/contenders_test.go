package bench

import (
	"context"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/ranges"
	"github.com/runai-mpi/runai-mpi/test/yardstick"
)

// A contender is what acts on the jobs in a namespace of its own.
type contender struct {
	name string
	// what it is, for the page.
	what string
	// handler is the name of a yardstick's handler, if it is one.
	handler string
	// copies returns the patch of runai-webhook instead.
	copies bool
	// validates calls the yardstick a second time, to validate.
	validates bool
	// closes the connection after each answer, as the webhook does.
	closes bool
	// calls are the calls of webhooks for each creation.
	calls int
	// shows is what a created job contains that the contender has changed.
	shows string

	namespace string
}

const (
	noWebhook   = "none"
	addsPolicy  = "policy"
	theClosing  = "constant-closing"
	bothClosing = "constant-twice"
	theDefault  = "defaulter"
)

// contenders returns what is measured, the one without a webhook first.
func contenders() []*contender {
	return []*contender{
		{name: noWebhook, what: "no webhook"},
		{name: ranges.AllowsAll, what: "a webhook that allows everything", handler: yardstick.Allow, calls: 1},
		{
			name: ranges.Constant, what: "a webhook that returns a constant patch of eight operations", handler: yardstick.Constant,
			calls: 1, shows: "example.com/admitted",
		},
		{
			name: theClosing, what: "the constant patch, over a new connection for each request", handler: yardstick.Constant,
			closes: true, calls: 1, shows: "example.com/admitted",
		},
		{
			name: bothClosing, what: "the constant patch and a validating webhook that allows everything, both over new connections",
			handler: yardstick.Constant, validates: true, closes: true, calls: 2, shows: "example.com/admitted",
		},
		{
			name:    ranges.CopiedClosing,
			what:    "the patch of runai-webhook as a constant, and a validating webhook that allows everything, both over new connections",
			handler: yardstick.Constant, copies: true, validates: true, closes: true, calls: 2, shows: "run.ai/applied-policies",
		},
		{
			name: ranges.Copied, what: "the same over connections that stay open",
			handler: yardstick.Constant, copies: true, validates: true, calls: 2, shows: "run.ai/applied-policies",
		},
		{
			name: theDefault, what: "controller-runtime's typed defaulter with one mutation", handler: yardstick.DefaulterOne,
			calls: 1, shows: `"annotations":{"a":"b"}`,
		},
		{name: addsPolicy, what: "a MutatingAdmissionPolicy that adds a volume and its mounts", shows: `"mountPath":"/dev/shm"`},
		{
			name: ranges.Webhook, what: "runai-webhook with every policy: both calls, each over a new connection",
			calls: 2, shows: "run.ai/applied-policies",
		},
	}
}

// startContenders starts every contender on this machine's own address, to which the API server speaks as to a Service.
func startContenders(t *testing.T, all []*contender) {
	t.Helper()
	host, err := process.OwnAddress()
	if err != nil {
		t.Fatal(err)
	}
	program := buildYardstick(t)
	replica := startOurs(t, host)
	namespace := product.AddProject(t, "latency", projectSpec())
	patch := writePatch(t, replica, namespace)
	for _, c := range all {
		c.namespace = "latency-" + c.name
		switch {
		case c.name == ranges.Webhook:
			c.namespace = namespace
			continue
		case c.handler != "":
			c.startYardstick(t, program, patch, freeAddress(t, host))
		case c.name == addsPolicy:
			product.Create(t, addingPolicy(c.selector()), addingPolicyBinding(c.selector()))
		}
		product.AddNamespace(t, c.namespace, c.labels())
	}
}

// startOurs starts a replica that the API server calls until the end of the test.
func startOurs(t *testing.T, host string) *install.Replica {
	t.Helper()
	replica := product.StartReplica(t, install.ReplicaOptions{Name: ranges.Webhook, Address: freeAddress(t, host)})
	if err := product.CallWebhookAt(t.Context(), replica.Address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := product.CallWebhookAt(context.WithoutCancel(t.Context()), product.WebhookAddress()); err != nil {
			t.Error(err)
		}
	})
	return replica
}

func (c *contender) labels() map[string]string {
	return map[string]string{"example.com/contender": c.name}
}

func (c *contender) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: c.labels()}
}

// webhook is the name of the yardstick's webhooks.
func (c *contender) webhook() string { return c.name + ".example.com" }

// webhooks are the names of its webhooks in the metrics of the API server.
func (c *contender) webhooks() []string {
	if c.name == ranges.Webhook {
		return []string{"mpijobs.admission.run.ai", "mpijobs.validation.run.ai"}
	}
	return []string{c.webhook()}
}

func (c *contender) client(address, path string) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{URL: new("https://" + address + path), CABundle: product.WebhookAuthority()}
}

func creations() []admissionregistrationv1.RuleWithOperations {
	return []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule: admissionregistrationv1.Rule{
			APIGroups: []string{"kubeflow.org"}, APIVersions: []string{"v2beta1"}, Resources: []string{"mpijobs"},
		},
	}}
}

func projectSpec() v1alpha1.ProjectSpec {
	return v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}}}
}
