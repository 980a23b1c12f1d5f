package prepare

import (
	"net/url"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/balancer"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// What the chart's hook is permitted to do is enough, and without it one line for each CRD says what is missing.
func TestPermissions(t *testing.T) {
	withoutCRDs(t)
	user, err := cluster.AddUser("hook")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := prepare(t, user.Kubeconfig())
	if code != 1 || strings.Count(stderr, "\n") != 2 || stdout != "the cluster policy is valid\n" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if err := suite.Says(stderr, `runai-webhook: cannot apply the CRD `+projects+`: `, `is forbidden: User "hook" cannot get resource `+
		`"customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope`); err != nil {
		t.Error(err)
	}

	suite.Kubectl(t, cluster.User, "", "create", "clusterrole", "hook", "--verb=get,patch,create",
		"--resource=customresourcedefinitions.apiextensions.k8s.io", "--resource-name="+projects, "--resource-name="+identities)
	suite.Kubectl(t, cluster.User, "", "create", "clusterrolebinding", "hook", "--clusterrole=hook", "--user=hook")
	suite.Eventually(t, "the hook is permitted to apply the CRDs", suite.Soon, func() error {
		_, stderr, _ = prepare(t, user.Kubeconfig())
		return suite.Says("result:"+stderr+".", "result:.")
	})
	stored(t, projects)
}

// A cluster policy with an error changes nothing, and every reason is printed.
func TestInvalidPolicies(t *testing.T) {
	withoutCRDs(t)
	const head = "apiVersion: policy.run.ai/v1alpha1\nkind: ClusterPolicy\n"
	for name, policy := range map[string]struct {
		text string
		want []string
	}{
		"unknown keys": {head + "gpu: {fraction: KAI}\nworkerz: {}", []string{`unknown key "gpu.fraction"`, `unknown key "workerz"`}},
		"values":       {head + "gpu: {fractions: HAMi}\nssh: {port: 99999}", []string{"gpu.fractions: ", "ssh.port: "}},
		"types and the rest": {head + "workers: 3\nssh: yes\ngpu: {fraction: KAI}\nidentity: {minUID: -1}", []string{
			"workers: ", "ssh: ", `"gpu.fraction"`, "identity.minUID: "}},
		"empty":         {"", []string{"apiVersion: ", "kind: "}},
		"not YAML":      {"}{", []string{"yaml: "}},
		"a text":        {"nothing", []string{"must be an object"}},
		"two documents": {head + "---\n" + head, []string{"more than one document"}},
		"a key twice":   {head + "workers: {max: 1}\nworkers: {max: 2}", []string{`"workers" already set`}},
		"another kind":  {"apiVersion: v1\nkind: ConfigMap\n", []string{"apiVersion: ", "kind: "}},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := prepare(t, cluster.Kubeconfig(), "--policy="+writeFile(t, policy.text))
			if code != 1 || stdout != "" {
				t.Errorf("exit code %d: %s", code, stdout)
			}
			if err := suite.Says(stderr, policy.want...); err != nil {
				t.Error(err)
			}
		})
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: projects}, crd); !apierrors.IsNotFound(err) {
		t.Errorf("the CRDs were applied: %v", err)
	}
}

// While the API server does not answer, prepare tries again, and at the end it says why.
func TestAPIServerIsDown(t *testing.T) {
	withoutCRDs(t)
	closed, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, stderr, code := prepare(t, through(t, closed), "--timeout=2s")
	want := "runai-webhook: cannot apply the CRD " + identities + ": cannot reach the API server https://"
	rest, says := strings.CutPrefix(stderr, want)
	if code != 1 || !says || !strings.HasSuffix(rest, ": connection refused\n") || strings.Count(rest, "\n") != 1 {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	b, err := balancer.Start("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	server, err := url.Parse(cluster.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for b.Accepted() < 3 { // it has tried
			time.Sleep(10 * time.Millisecond)
		}
		b.SetBackends(server.Host)
	}()
	stdout, stderr, code := prepare(t, through(t, b.Address()))
	if code != 0 || !strings.Contains(stdout, projects+": created\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// through returns a kubeconfig of the administrator for another address of the API server.
func through(t *testing.T, address string) (path string) {
	t.Helper()
	config, err := clientcmd.LoadFromFile(cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range config.Clusters {
		known.Server = "https://" + address
	}
	text, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, string(text))
}

// Another CRD has the names of ours, or ours is being deleted: prepare says so, and goes on when that has passed.
func TestCRDIsNotServed(t *testing.T) {
	withoutCRDs(t)
	other := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal([]byte(older(t)), other); err != nil {
		t.Fatal(err)
	}
	other.Name, other.Spec.Names.Plural = "others.policy.run.ai", "others"
	suite.Create(t, admin, other)
	suite.Kubectl(t, cluster.User, "", "wait", "--for=condition=Established", "crd/"+other.Name)
	_, stderr, code := prepare(t, cluster.Kubeconfig(), "--timeout=3s")
	if err := suite.Says(stderr, "cannot apply the CRD "+projects+": another CRD has its names: "); code != 1 || err != nil {
		t.Errorf("exit code %d: %v", code, err)
	}
	if err := admin.Delete(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	prepares(t, identities+": unchanged", projects+": unchanged")

	object := project("kept")
	object.SetFinalizers([]string{"example.com/kept"})
	suite.Create(t, admin, object)
	if err := admin.Delete(t.Context(), stored(t, projects)); err != nil {
		t.Fatal(err)
	}
	_, stderr, code = prepare(t, cluster.Kubeconfig(), "--timeout=2s")
	if err := suite.Says(stderr, "cannot apply the CRD "+projects+": it is being deleted"); code != 1 || err != nil {
		t.Errorf("exit code %d: %v", code, err)
	}
	suite.Kubectl(t, cluster.User, "", "patch", "project", "kept", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	if stdout, stderr, code := prepare(t, cluster.Kubeconfig()); code != 0 || !strings.Contains(stdout, projects+": created\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// Without the MPI Operator, the release can be installed, with a warning.
func TestNoMPIJobs(t *testing.T) {
	e := env.New(t, env.Options{WithoutOperator: true})
	suite.Kubectl(t, e.User, "", "delete", "crd", "mpijobs.kubeflow.org")
	suite.Eventually(t, "MPIJobs are not served", suite.Soon, func() error {
		stdout, stderr, code := prepare(t, e.Kubeconfig())
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		return suite.Says(stdout, "Warning: the cluster does not serve MPIJobs (kubeflow.org/v2beta1): install the MPI Operator")
	})
}
