package integration

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// changed returns the path of a changed copy of the administrator's kubeconfig.
func changed(t *testing.T, change func(*api.Cluster, *api.AuthInfo)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(product.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	current := config.Contexts[config.CurrentContext]
	change(config.Clusters[current.Cluster], config.AuthInfos[current.AuthInfo])
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// If a command cannot reach the cluster, it prints one line with the cause and the remedy, without the client
// library's own message.
func TestConnectionErrors(t *testing.T) {
	product.AddProject(t, "way", v1alpha1.ProjectSpec{})
	server := strings.TrimSuffix(product.Config.Host, "/")
	older := func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		r.URL.Path = strings.Replace(r.URL.Path, "/kubeflow.org/v2beta1/", "/kubeflow.org/v1/", 1)
		forward.ServeHTTP(w, r)
	}
	for _, test := range []struct{ name, kubeconfig, want string }{
		{"no kubeconfig", filepath.Join(t.TempDir(), "none"),
			"no kubeconfig found: use --kubeconfig, set KUBECONFIG, or log in to the cluster"},
		{"an unreachable server", changed(t, func(cluster *api.Cluster, _ *api.AuthInfo) { cluster.Server = "https://127.0.0.1:1" }),
			"cannot reach the API server https://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused; " +
				"check the network and the kubeconfig"},
		{"a server of another CA", changed(t, func(cluster *api.Cluster, _ *api.AuthInfo) { cluster.CertificateAuthorityData = nil }),
			"cannot reach the API server " + server + ": tls: failed to verify certificate: " +
				"x509: certificate signed by unknown authority; check the network and the kubeconfig"},
		{"an expired login", changed(t, func(_ *api.Cluster, user *api.AuthInfo) { *user = api.AuthInfo{Token: "expired"} }),
			"the API server " + server + " rejected your credentials, which may have expired: log in again"},
		{"no MPIJobs", proxied(t, older),
			"MPIJobs (kubeflow.org/v2beta1) are not installed on this cluster: ask your administrator to install MPI Operator v0.8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, args := range []string{
				"submit-mpi dist1 -p way -i x", "submit-mpi -p way -i x",
				"list -p way", "describe dist1 -p way", "logs dist1 -p way", "delete dist1 -p way",
			} {
				words := strings.Fields(args)
				if test.name == "an unreachable server" {
					words = append(words, "--request-timeout=90ms") // less than the first pause before another try
				}
				stdout, stderr, code := product.RunaiAs(t, test.kubeconfig, words...)
				if want := "runai: " + test.want + "\n"; stderr != want || stdout != "" || code != 1 {
					t.Errorf("%s: exit code %d, stdout %q\ngot  %swant %s", args, code, stdout, stderr, want)
				}
			}
		})
	}
}

// The CRD of Project comes with the chart, so the error names the chart.
func TestErrorWithoutProjects(t *testing.T) {
	none := func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		r.URL.Path = strings.Replace(r.URL.Path, "/policy.run.ai/v1alpha1/", "/policy.run.ai/v0/", 1)
		forward.ServeHTTP(w, r)
	}
	_, stderr, code := product.RunaiAs(t, proxied(t, none), "list", "projects")
	want := "runai: projects (policy.run.ai/v1alpha1) are not installed on this cluster: " +
		"ask your administrator to install the chart runai-mpi\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}
