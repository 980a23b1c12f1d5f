package e2e

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// unreliable returns a kubeconfig that reaches the API server through a proxy that cuts all connections now and then.
func unreliable(t *testing.T, every time.Duration) (kubeconfig string) {
	t.Helper()
	target, err := url.Parse(product.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(product.Config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: transport, FlushInterval: -1,
	})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(cancel)
	go func() {
		for ctx.Err() == nil {
			time.Sleep(every)
			server.CloseClientConnections()
		}
	}()
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
	return kubeconfig
}

// numbered prints lines with numbers from 0 on.
func numbered(lines int) string {
	var text strings.Builder
	for n := range lines {
		fmt.Fprintf(&text, "line %d\n", n)
	}
	return text.String()
}

// A log is followed to the end of the job, over cut connections: each line once.
func TestFollowLogs(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "followed", v1alpha1.ProjectSpec{})
	const lines = 100
	submit(t, "", "dist1", "-n", namespace, "-i", images.OperatorLike, "--processes=3", "--interactive", "--command", "--",
		"sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do echo line $i; i=$((i+1)); sleep 0.1; done", lines))
	results := make(chan string)
	follow := func(kubeconfig string, args ...string) {
		go func() {
			command := append(strings.Fields("logs dist1 -f -n "+namespace), args...)
			stdout, stderr, code, err := product.RunRunai(t.Context(), kubeconfig, command...)
			if code != 0 || err != nil {
				stdout += fmt.Sprintf("exit code %d, %v: %s", code, err, stderr)
			}
			results <- strings.Join(args, " ") + "\n" + stdout
		}()
	}
	follow(product.Kubeconfig())
	follow(unreliable(t, 1500*time.Millisecond))
	follow(product.Kubeconfig(), "--all-pods")
	for range 3 {
		args, stdout, _ := strings.Cut(<-results, "\n")
		var launcher strings.Builder
		workers := map[string]bool{}
		for line := range strings.Lines(stdout) {
			pod, text, isPrefixed := strings.Cut(strings.TrimPrefix(line, "["), "] ")
			switch {
			case args == "":
				launcher.WriteString(line)
			case isPrefixed && strings.HasPrefix(pod, "dist1-launcher-"):
				launcher.WriteString(text)
			case isPrefixed && strings.HasPrefix(pod, "dist1-worker-"):
				workers[pod] = true
			default:
				t.Errorf("%s: %s", args, line)
			}
		}
		if launcher.String() != numbered(lines) {
			t.Errorf("logs -f %s: got %s", args, stdout)
		}
		if args != "" && len(workers) != 3 {
			t.Errorf("logs -f %s: lines of the workers %v", args, workers)
		}
	}
}

// Ctrl-C ends what follows a job with 130, and does not touch the job.
func TestFollowingIsInterrupted(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "interrupted", v1alpha1.ProjectSpec{})
	submit(t, "", "dist1", "-n", namespace, "-i", images.OperatorLike, "--interactive", "--command", "--",
		"sh", "-c", "echo started; sleep 600")
	if stdout, stderr, code := product.Runai(t, "wait", "dist1", "-n", namespace, "--for", "running", "--timeout", "3m"); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	before := product.Job(t, namespace, "dist1")
	for command, says := range map[string]string{
		"logs dist1 -f": "runai: interrupted\n", "list -w": "runai: interrupted\n",
		"wait dist1": "runai: interrupted: job \"dist1\" was not deleted; wait again with 'runai wait dist1 -n " + namespace + "'\n",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		stdout, stderr, code, _ := product.RunRunai(ctx, product.Kubeconfig(), append(strings.Fields(command), "-n", namespace)...)
		cancel()
		if code != 130 || !strings.HasSuffix(stderr, says) {
			t.Errorf("%s: exit code %d, %s%s", command, code, stdout, stderr)
		}
	}
	if after := product.Job(t, namespace, "dist1"); after.Generation != before.Generation || after.DeletionTimestamp != nil {
		t.Errorf("the job was changed: generation %d, then %d", before.Generation, after.Generation)
	}
	if _, stderr, code := product.Runai(t, "delete", "dist1", "-n", namespace); code != 0 {
		t.Error(stderr)
	}
}

// submit-mpi --wait ends with 1 if the job fails, and prints why and its last lines.
func TestSubmitAndWait(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "awaited", v1alpha1.ProjectSpec{})
	stdout, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", images.OperatorLike, "--image-pull-policy=never",
		"--interactive", "--wait", "--timeout", "3m", "--command", "--", "sh", "-c", "seq 30; echo it went wrong; exit 3")
	if code != 1 || !strings.HasPrefix(stdout, "The job 'dist1' has been submitted successfully\n") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	const end = "\n29\n30\nit went wrong\n" +
		"runai: job \"dist1\" failed: the launcher exited with code 3. See 'runai logs dist1 -n runai-awaited'.\n"
	if !strings.HasSuffix(stderr, end) || strings.Contains(stderr, "\n11\n") {
		t.Errorf("got %s", stderr)
	}
}
