package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/version"
)

// Without a cluster, the client's version is printed, and one line says why there are no others.
func TestVersionWithoutCluster(t *testing.T) {
	client := version.String()
	none := filepath.Join(t.TempDir(), "none")
	noFile := fmt.Sprintf("runai: cannot read the kubeconfig %[1]s: stat %[1]s: no such file or directory\n", none)
	t.Setenv("KUBECONFIG", "")
	for _, test := range []struct {
		args, stdout, stderr string
		code                 int
	}{
		{"--client", "Client:  " + client + "\n", "", 0},
		{"--client -o json", fmt.Sprintf("{\n    \"clientVersion\": %q,\n    \"kind\": \"Versions\"\n}\n", client), "", 0},
		{"--client -o jsonpath={.clientVersion}{.webhookVersion}", client, "", 0},
		{"--kubeconfig " + none, "Client:  " + client + "\n", noFile, 1},
		{"-o yaml --kubeconfig " + none, "clientVersion: " + client + "\nkind: Versions\n", noFile, 1},
		{"-n Team_A", "", "runai: invalid value \"Team_A\" for --namespace: ", 2},
		{"-o name", "", "runai: invalid value \"name\" for --output: must be yaml, json, ", 2},
	} {
		stdout, stderr, code := runai(t, append([]string{"version"}, strings.Fields(test.args)...)...)
		if stdout != test.stdout || !strings.HasPrefix(stderr, test.stderr) || test.stderr == "" && stderr != "" || code != test.code {
			t.Errorf("%s: exit code %d\ngot\n%s%s\nwant\n%s%s", test.args, code, stdout, stderr, test.stdout, test.stderr)
		}
	}
}

// A cluster may have no webhook, another one, or refuse the question.
func TestVersionOfCluster(t *testing.T) {
	client := version.String()
	for _, test := range []struct {
		name            string
		server, webhook string // "" for none
		status          int    // of the creation
		stdout, stderr  string
		code            int
	}{
		{"the same version", "v1.36.1", client, 201, "Client:      " + client + "\nWebhook:     " + client + "\nAPI server:  v1.36.1\n", "", 0},
		{"another webhook", "v1.36.1", "v7.1.0", 201, "Client:      " + client + "\nWebhook:     v7.1.0\nAPI server:  v1.36.1\n",
			"Warning: runai is " + client + " and the webhook is v7.1.0: ", 0},
		{"no webhook", "v1.36.1", "", 201, "Client:      " + client + "\nAPI server:  v1.36.1\n",
			"runai: cannot show the version of the webhook: namespace runai-team-a does not belong to a project, ", 1},
		{"not allowed", "v1.36.1", "", 403, "Client:      " + client + "\nAPI server:  v1.36.1\n",
			"runai: cannot show the version of the webhook: ", 1},
		{"no answer that can be read", "", "", 201, "Client:  " + client + "\n",
			"runai: cannot show the versions of the cluster: cannot read the version of the API server ", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/version":
					answer(w, map[string]string{"gitVersion": test.server})
				case test.status != http.StatusCreated:
					refuse(w, test.status, "Forbidden")
				default:
					answer(w, judged(t, r, test.webhook))
				}
			}))
			defer server.Close()
			stdout, stderr, code := runai(t, "version", "--kubeconfig", kubeconfigOf(t, server.URL))
			if stdout != test.stdout || !strings.HasPrefix(stderr, test.stderr) || strings.Count(stderr, "\n") > 1 || code != test.code {
				t.Errorf("exit code %d\ngot\n%s%s\nwant\n%s%s", code, stdout, stderr, test.stdout, test.stderr)
			}
		})
	}
}

// judged returns the job of a request, as a webhook returns it. Nothing may be stored.
func judged(t *testing.T, r *http.Request, version string) *unstructured.Unstructured {
	job := &unstructured.Unstructured{}
	if err := json.NewDecoder(r.Body).Decode(&job.Object); err != nil || r.Method != http.MethodPost || r.URL.Query().Get("dryRun") != "All" {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	if version != "" {
		written := job.GetAnnotations()
		written[annotations.AppliedPoliciesKey] = annotations.Applied{Policies: []string{"queue"}, Version: version, Digest: "0123"}.String()
		job.SetAnnotations(written)
	}
	return job
}

func kubeconfigOf(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: %q}}],
contexts: [{name: x, context: {cluster: c, namespace: %s}}]}`, server, namespace)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
