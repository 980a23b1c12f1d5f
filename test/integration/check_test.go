package integration

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const configurations = "admission-runai-mpi"

// check runs the real runai-webhook check with what the chart's test may do, and returns the lines that it prints.
func check(t *testing.T, kubeconfig string, args ...string) (lines []string, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), product.Programs.Webhook, append([]string{"check", "--kubeconfig=" + kubeconfig}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n"), errs.String(), cmd.ProcessState.ExitCode()
}

// checker adds a user who has the documented permissions.
func checker(t *testing.T, cluster *env.Env, name string, namespaces ...string) *env.User {
	t.Helper()
	user, err := cluster.AddUser(name)
	if err != nil {
		t.Fatal(err)
	}
	admin := cluster.User
	suite.Kubectl(t, admin, "", "create", "clusterrole", name+"-crds", "--verb=get",
		"--resource=customresourcedefinitions.apiextensions.k8s.io", "--resource-name=mpijobs.kubeflow.org",
		"--resource-name=projects.policy.run.ai", "--resource-name=posixidentities.policy.run.ai")
	suite.Kubectl(t, admin, "", "create", "clusterrole", name+"-webhooks", "--verb=get",
		"--resource=mutatingwebhookconfigurations.admissionregistration.k8s.io",
		"--resource=validatingwebhookconfigurations.admissionregistration.k8s.io",
		"--resource-name="+configurations, "--resource-name="+altered)
	for _, role := range []string{name + "-crds", name + "-webhooks"} {
		suite.Kubectl(t, admin, "", "create", "clusterrolebinding", role, "--clusterrole="+role, "--user="+name)
	}
	for _, namespace := range namespaces {
		suite.Kubectl(t, admin, "", "create", "role", name, "-n", namespace, "--verb=create", "--resource=mpijobs.kubeflow.org")
		suite.Kubectl(t, admin, "", "create", "rolebinding", name, "-n", namespace, "--role="+name, "--user="+name)
	}
	suite.Eventually(t, name+" has its permissions", suite.Soon, func() error {
		lines, _, _ := check(t, user.Kubeconfig())
		if strings.Contains(strings.Join(lines, "\n"), "forbidden") {
			return errors.New(strings.Join(lines, "\n"))
		}
		return nil
	})
	return user
}

// altered is the name of copies of the configurations, which select no namespace.
const altered = "altered"

// alter makes copies of both configurations with another way to call the webhook.
func alter(t *testing.T, change func(*admissionregistrationv1.WebhookClientConfig)) {
	t.Helper()
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	for _, configuration := range []client.Object{mutating, validating} {
		if err := product.Client.Get(t.Context(), client.ObjectKey{Name: configurations}, configuration); err != nil {
			t.Fatal(err)
		}
	}
	nothing := &metav1.LabelSelector{MatchLabels: map[string]string{"example.com/none": "none"}}
	mutating.ObjectMeta, validating.ObjectMeta = metav1.ObjectMeta{Name: altered}, metav1.ObjectMeta{Name: altered}
	mutating.Webhooks[0].NamespaceSelector, validating.Webhooks[0].NamespaceSelector = nothing, nothing
	change(&mutating.Webhooks[0].ClientConfig)
	change(&validating.Webhooks[0].ClientConfig)
	for _, configuration := range []client.Object{mutating, validating} {
		suite.Create(t, product.Client, configuration)
		t.Cleanup(func() {
			if err := product.Client.Delete(context.WithoutCancel(t.Context()), configuration); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	namespace := product.AddProject(t, "check", v1alpha1.ProjectSpec{})
	required := product.AddProject(t, "check-required", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	warned := product.AddProject(t, "check-warned", v1alpha1.ProjectSpec{})
	suite.Kubectl(t, product.User, "", "patch", "project", "check-warned", "--type=merge", "-p", `{"spec":{"warnOnlyUntil":"2999-12-31"}}`)
	product.AddNamespace(t, "check-plain", nil)
	product.AddNamespace(t, "check-orphan", map[string]string{"runai/queue": "orphaned"})
	user := checker(t, product.Env, "checker", namespace, required, warned, "check-plain", "check-orphan")

	t.Run("everything is fine", func(t *testing.T) {
		lines, stderr, code := check(t, user.Kubeconfig(), "--namespace="+namespace)
		if code != 0 || stderr != "" || len(lines) != 8 {
			t.Errorf("exit code %d: %s%s", code, strings.Join(lines, "\n"), stderr)
		}
		for _, line := range lines {
			if !strings.HasSuffix(line, ": ok") {
				t.Error(line)
			}
		}
		if lines[7] != "job in namespace "+namespace+": ok" {
			t.Error(lines[7])
		}
	})
	for _, test := range []struct {
		name, namespace, says string
		code                  int
	}{
		{"no label", "check-plain", ": failed: the API server did not call the webhook: give the namespace the label of its project, " +
			"so that admission-runai-mpi selects it (runai/queue)", 1},
		{"no project", "check-orphan", `: failed: admission webhook "mpijobs.admission.run.ai" denied the request: ` +
			`project "orphaned" of namespace check-orphan`, 1},
		{"no namespace", "orphaned", `: failed: not permitted: mpijobs.kubeflow.org is forbidden: User "checker" cannot create`, 1},
		{"warn-only", warned, ": ok", 0},
		{"no identity", required, `: ok, with a warning: the webhook refused the job of this account: `, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, _, code := check(t, user.Kubeconfig(), "--namespace="+test.namespace)
			last := lines[len(lines)-1]
			if !strings.HasPrefix(last, "job in namespace "+test.namespace+test.says) || code != test.code {
				t.Errorf("exit code %d: %s", code, last)
			}
		})
	}
	t.Run("the webhook is down", func(t *testing.T) {
		if err := product.Webhook.Stop(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := product.StartWebhook(t.Context()); err != nil {
				t.Fatal(err)
			}
		}()
		lines, stderr, code := check(t, user.Kubeconfig(), "--namespace="+namespace)
		text := strings.Join(lines, "\n")
		if err := suite.Says(text, "/mutate: failed: cannot reach it at ", "/validate: failed: cannot reach it at ",
			"connection refused: see whether its pods are ready",
			"job in namespace "+namespace+": failed: Internal error occurred: failed calling webhook"); err != nil || code != 1 {
			t.Errorf("exit code %d: %v", code, err)
		}
		if stderr != "runai-webhook: 3 of 8 checks failed\n" {
			t.Error(stderr)
		}
	})
	t.Run("it waits", func(t *testing.T) {
		if err := product.Webhook.Stop(); err != nil {
			t.Fatal(err)
		}
		started := make(chan error, 1)
		go func() {
			time.Sleep(2 * time.Second)
			started <- product.StartWebhook(t.Context())
		}()
		lines, stderr, code := check(t, user.Kubeconfig(), "--wait=2m")
		if code != 0 {
			t.Errorf("exit code %d: %s%s", code, strings.Join(lines, "\n"), stderr)
		}
		if err := <-started; err != nil {
			t.Fatal(err)
		}
	})
}

func TestCheckTheCertificate(t *testing.T) {
	user := checker(t, product.Env, "certificate-checker")
	closed, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	ownAuthority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificate().Raw})
	ending, endingAuthority := serveCertificate(t, time.Hour)
	ended, endedAuthority := serveCertificate(t, -time.Hour)
	for _, test := range []struct {
		name   string
		change func(*admissionregistrationv1.WebhookClientConfig)
		says   []string
		code   int
	}{
		{"no bundle", func(c *admissionregistrationv1.WebhookClientConfig) { c.CABundle = nil }, []string{
			"MutatingWebhookConfiguration altered: failed: webhook mpijobs.admission.run.ai has no caBundle",
			"ValidatingWebhookConfiguration altered: failed: webhook mpijobs.validation.run.ai has no caBundle"}, 1},
		{"another CA", func(c *admissionregistrationv1.WebhookClientConfig) { c.CABundle = ownAuthority }, []string{
			"/mutate: failed: its certificate is not signed by the caBundle",
			"/validate: failed: its certificate is not signed by the caBundle"}, 1},
		{"another name", func(c *admissionregistrationv1.WebhookClientConfig) {
			*c.URL = strings.Replace(*c.URL, "127.0.0.1", "localhost.localdomain", 1)
		}, []string{
			"/mutate at " + product.WebhookAddress() + ": failed: its certificate is for another name"}, 1},
		{"nobody listens", func(c *admissionregistrationv1.WebhookClientConfig) { *c.URL = "https://" + closed + "/mutate" }, []string{
			"/mutate: failed: cannot reach it at " + closed, "connection refused"}, 1},
		{"another program", func(c *admissionregistrationv1.WebhookClientConfig) {
			*c.URL, c.CABundle = other.URL+"/mutate", ownAuthority
		}, []string{"/mutate: failed: HTTP status 404 Not Found: this is not the webhook: see which pods the Service selects"}, 1},
		{"it ends soon", func(c *admissionregistrationv1.WebhookClientConfig) { *c.URL, c.CABundle = ending, endingAuthority }, []string{
			": ok, with a warning: the certificate of webhook.example.com ends at "}, 0},
		{"it has ended", func(c *admissionregistrationv1.WebhookClientConfig) { *c.URL, c.CABundle = ended, endedAuthority }, []string{
			": failed: its certificate is not valid: "}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			alter(t, test.change)
			args := []string{"--configurations=" + altered}
			if test.name == "another name" {
				args = append(args, "--service="+product.WebhookAddress())
			}
			lines, _, code := check(t, user.Kubeconfig(), args...)
			if err := suite.Says(strings.Join(lines, "\n"), test.says...); err != nil || code != test.code {
				t.Errorf("exit code %d: %v", code, err)
			}
		})
	}
}

// serveCertificate answers as the webhook does, with a certificate of 90 days that ends after a time.
func serveCertificate(t *testing.T, left time.Duration) (url string, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(left)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "webhook"}, DNSNames: []string{"webhook.example.com"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: end.Add(-90 * 24 * time.Hour), NotAfter: end,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"kind":"AdmissionReview"}`)) // the client may be gone
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + "/mutate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Nothing is installed, and then only an old MPI Operator: every check says what is missing.
func TestCheckWithoutInstallation(t *testing.T) {
	e := env.New(t, env.Options{WithoutOperator: true})
	suite.Kubectl(t, e.User, "", "create", "namespace", "team-a")
	lines, stderr, code := check(t, e.Kubeconfig(), "--namespace=team-a")
	want := []string{
		"CRD posixidentities.policy.run.ai: failed: not found: run 'runai-webhook prepare'",
		"CRD projects.policy.run.ai: failed: not found: run 'runai-webhook prepare'",
		"CRD mpijobs.kubeflow.org: ok",
		"MutatingWebhookConfiguration admission-runai-mpi: failed: not found, so no job is reviewed: install the chart again",
		"ValidatingWebhookConfiguration admission-runai-mpi: failed: not found, so no job is reviewed: install the chart again",
		"job in namespace team-a: failed: the API server did not call the webhook: install the chart again",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") || code != 1 || stderr != "runai-webhook: 5 of 6 checks failed\n" {
		t.Errorf("exit code %d: %s\n%s", code, got, stderr)
	}

	change := func(crd string, what func(*apiextensionsv1.CustomResourceDefinition)) {
		t.Helper()
		admin, err := client.New(e.Config, client.Options{Scheme: product.Client.Scheme()})
		if err != nil {
			t.Fatal(err)
		}
		err = retry.RetryOnConflict(retry.DefaultBackoff, func() error { // the API server writes the status
			object := &apiextensionsv1.CustomResourceDefinition{}
			if err := admin.Get(t.Context(), client.ObjectKey{Name: crd}, object); err != nil {
				return err
			}
			what(object)
			return admin.Update(t.Context(), object)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	suite.Kubectl(t, e.User, "", "apply", "--server-side", "-f", "../../charts/runai-mpi/crds")
	change("projects.policy.run.ai", func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Annotations = nil })
	change("mpijobs.kubeflow.org", func(crd *apiextensionsv1.CustomResourceDefinition) {
		replicas := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["mpiReplicaSpecs"].AdditionalProperties.Schema
		pod := replicas.Properties["template"].Properties["spec"]
		delete(pod.Properties["securityContext"].Properties, "supplementalGroupsPolicy")
		delete(pod.Properties, "schedulingGates")
	})
	lines, _, _ = check(t, e.Kubeconfig())
	if err := suite.Says(strings.Join(lines, "\n"), "CRD posixidentities.policy.run.ai: ok\n",
		"CRD projects.policy.run.ai: failed: it has revision 0, and this release needs ", ": run 'runai-webhook prepare'",
		"CRD mpijobs.kubeflow.org: failed: it has no spec.mpiReplicaSpecs.*.template.spec.securityContext.supplementalGroupsPolicy "+
			"and no spec.mpiReplicaSpecs.*.template.spec.schedulingGates: install the CRD of MPI Operator v0.8"); err != nil {
		t.Error(err)
	}
	change("mpijobs.kubeflow.org", func(crd *apiextensionsv1.CustomResourceDefinition) {
		crd.Spec.Versions[0].Name = "v3"
		next := *crd.Spec.Versions[0].DeepCopy()
		next.Name, next.Served, next.Storage = "v2beta1", false, false
		crd.Spec.Versions = append(crd.Spec.Versions, next)
	})
	lines, _, _ = check(t, e.Kubeconfig())
	const notServed = "CRD mpijobs.kubeflow.org: failed: it does not serve kubeflow.org/v2beta1"
	if err := suite.Says(strings.Join(lines, "\n"), notServed); err != nil {
		t.Error(err)
	}
	suite.Kubectl(t, e.User, "", "delete", "crd", "mpijobs.kubeflow.org")
	lines, _, _ = check(t, e.Kubeconfig(), "--namespace=team-a")
	if err := suite.Says(strings.Join(lines, "\n"), "CRD mpijobs.kubeflow.org: failed: not found: install the MPI Operator v0.8",
		"job in namespace team-a: failed: "); err != nil {
		t.Error(err)
	}
}
