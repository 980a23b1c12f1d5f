package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// whoami needs no permission but to create jobs, and creates nothing.
func TestWhoami(t *testing.T) {
	namespace := product.AddProject(t, "whoami", v1alpha1.ProjectSpec{})
	required := product.AddProject(t, "whoami-required", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	disabled := product.AddProject(t, "whoami-disabled", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityDisabled})
	alice, bob := as(t, "saml:alice@example.com", claims), as(t, "saml:bob", nil)
	broken := as(t, "saml:carol", map[string][]string{"run.ai/uid": {"1e+06"}, "run.ai/gid": {"54000"}})
	const (
		aliceIs = "The cluster authenticates you as saml:alice@example.com.\n"
		runsAs  = "Jobs with --run-as-user run as uid=1234567(alice) gid=54000 groups=54000,60001,60002, " +
			"home /home/alice (source Claims).\n"
		every   = "Every MPIJob in namespace runai-whoami-required runs as its submitter, with or without --run-as-user.\n"
		anyIDs  = "Without --run-as-user, MPIJobs in namespace runai-whoami can set any uid and gid.\n"
		unknown = "the cluster has no UID and GID for saml:bob: " +
			"ask your administrator to add run.ai/uid and run.ai/gid to your login\n"
	)
	for _, test := range []struct {
		name, kubeconfig, namespace, stdout, stderr string
	}{
		{"alice", alice.Kubeconfig(), namespace, aliceIs + runsAs + anyIDs, ""},
		{"alice, where it is required", alice.Kubeconfig(), required, aliceIs + runsAs + every, ""},
		{"alice, where it is disabled", alice.Kubeconfig(), disabled,
			aliceIs + "--run-as-user is not allowed in project whoami-disabled: remove it or use another project\n", ""},
		{"bob", bob.Kubeconfig(), namespace,
			"The cluster authenticates you as saml:bob.\n--run-as-user does not work in namespace runai-whoami: " + unknown, ""},
		{"bob, where it is required", bob.Kubeconfig(), required,
			"--run-as-user does not work in namespace runai-whoami-required: " + unknown, ""},
		{"a broken claim", broken.Kubeconfig(), namespace,
			"The cluster authenticates you as saml:carol.\n--run-as-user does not work in namespace runai-whoami: " +
				`claim run.ai/uid is "1e+06", expected a decimal number above 0: ` +
				"ask your administrator to fix the claim mapping\n", ""},
		{"outside of projects", alice.Kubeconfig(), "default", "",
			"runai: namespace default does not belong to a project, so no webhook handles its jobs; " +
				"set the project with -p or 'runai config project' (see 'runai list projects'), " +
				"or ask your administrator to check the namespace's label runai/queue and the webhook\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, _ := product.RunaiAs(t, test.kubeconfig, "whoami", "-n", test.namespace)
			if stdout != test.stdout || stderr != test.stderr {
				t.Errorf("got  %s%swant %s%s", stdout, stderr, test.stdout, test.stderr)
			}
		})
	}
	for kubeconfig, want := range map[string]string{
		alice.Kubeconfig(): "saml:alice@example.com 1234567 [60001 60002] false ",
		bob.Kubeconfig():   "saml:bob   false --run-as-user: the cluster has no UID",
	} {
		stdout, stderr, code := product.RunaiAs(t, kubeconfig, "whoami", "-n", namespace, "-o",
			"go-template={{.username}} {{with .identity}}{{.uid}} {{.groups}}{{else}} {{end}} "+
				"{{.everyJobRunsAsSubmitter}} {{with .refusal}}{{.}}{{end}}")
		if !strings.HasPrefix(stdout, want) || stderr != "" || code != 0 {
			t.Errorf("exit code %d, got %s%s, want %s", code, stdout, stderr, want)
		}
	}
	if jobs := product.Jobs(t, namespace); len(jobs) > 0 {
		t.Errorf("%d jobs, want 0", len(jobs))
	}
}

// Where MPIJobs run as their submitter but other pods need not, whoami says so to who may read the namespace.
func TestWhoamiUnguarded(t *testing.T) {
	namespace := product.AddProject(t, "unguarded", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	product.AddResearcher(t, namespace, "saml:ute")
	ute := as(t, "saml:ute", claims)
	const warning = "Other pods there can have any uid and gid: " +
		"the namespace has no label run.ai/identity=Required; ask your administrator to add it."
	for label, unguarded := range map[string]bool{"Required": false, "Optional": true, "": true} {
		setLabel(t, namespace, annotations.IdentityLabel, label)
		stdout, stderr, code := product.RunaiAs(t, ute.Kubeconfig(), "whoami", "-n", namespace)
		if strings.HasSuffix(stdout, "\n"+warning+"\n") != unguarded || stderr != "" || code != 0 {
			t.Errorf("label %q: exit code %d, %s%s", label, code, stdout, stderr)
		}
		stdout, _, _ = product.RunaiAs(t, ute.Kubeconfig(), "whoami", "-n", namespace, "-o", "go-template={{with .warning}}{{.}}{{end}}")
		if (strings.TrimSpace(stdout) == warning) != unguarded {
			t.Errorf("label %q: the warning is %s", label, stdout)
		}
	}
}

func setLabel(t *testing.T, namespace, key, value string) {
	t.Helper()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, key, value))
	if err := product.Client.Patch(t.Context(), object, patch); err != nil {
		t.Fatal(err)
	}
}

// version needs no more permissions than whoami. The client and the webhook of the tests are of one build.
func TestVersion(t *testing.T) {
	namespace := product.AddProject(t, "versions", v1alpha1.ProjectSpec{})
	required := product.AddProject(t, "versions-required", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	alice := as(t, "saml:alice@example.com", claims)
	var versions struct{ ClientVersion, WebhookVersion, ServerVersion string }
	for _, place := range []string{namespace, required} {
		stdout, stderr, code := product.RunaiAs(t, alice.Kubeconfig(), "version", "-n", place, "-o", "json")
		if err := json.Unmarshal([]byte(stdout), &versions); err != nil || stderr != "" || code != 0 {
			t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
		}
		if versions.ClientVersion == "" || versions.WebhookVersion != versions.ClientVersion ||
			!strings.HasPrefix(versions.ServerVersion, "v1.") {
			t.Errorf("got %s", stdout)
		}
	}
	stdout, stderr, code := product.RunaiAs(t, alice.Kubeconfig(), "version", "-n", "default")
	want := "Client:      " + versions.ClientVersion + "\nAPI server:  " + versions.ServerVersion + "\n"
	why := "runai: cannot show the version of the webhook: namespace default does not belong to a project, "
	if stdout != want || !strings.HasPrefix(stderr, why) || code != 1 {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if jobs := product.Jobs(t, namespace); len(jobs) > 0 {
		t.Errorf("%d jobs, want 0", len(jobs))
	}
}
