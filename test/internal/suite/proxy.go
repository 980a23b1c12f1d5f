package suite

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Proxied returns a kubeconfig that reaches the real API server as a user, through a proxy in which a test can count
// requests, refuse them or cut connections. The proxy passes on what upgrades a connection.
func Proxied(
	t testing.TB, user *rest.Config, between func(w http.ResponseWriter, r *http.Request, forward http.Handler),
) (kubeconfig string) {
	t.Helper()
	target, err := url.Parse(user.Host)
	if err != nil {
		t.Fatal(err)
	}
	user = rest.CopyConfig(user)
	user.NextProtos = []string{"http/1.1"}
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
	if err := clientcmd.WriteToFile(config, kubeconfig); err != nil { // readable by its owner alone
		t.Fatal(err)
	}
	return kubeconfig
}
