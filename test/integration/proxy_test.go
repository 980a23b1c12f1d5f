package integration

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// proxied returns a kubeconfig that reaches the real API server through a proxy, in which a test can count
// requests or cut connections.
func proxied(t *testing.T, between func(w http.ResponseWriter, r *http.Request, forward http.Handler)) (kubeconfig string) {
	t.Helper()
	return proxiedAs(t, product.Config, between)
}

// proxiedAs returns such a kubeconfig of another user.
func proxiedAs(
	t *testing.T, user *rest.Config, between func(w http.ResponseWriter, r *http.Request, forward http.Handler),
) (kubeconfig string) {
	t.Helper()
	target, err := url.Parse(user.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(user)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { between(w, r, forward) }))
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	config := api.Config{
		Clusters:       map[string]*api.Cluster{"proxy": {Server: server.URL}},
		AuthInfos:      map[string]*api.AuthInfo{"nobody": {}},
		Contexts:       map[string]*api.Context{"test": {Cluster: "proxy", AuthInfo: "nobody"}},
		CurrentContext: "test",
	}
	if err := clientcmd.WriteToFile(config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

func isCreation(r *http.Request) bool { return r.Method == http.MethodPost }
