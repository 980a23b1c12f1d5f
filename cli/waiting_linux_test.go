package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// On a terminal, no command waits in silence, also for what it asks once.
func TestWaitsAloud(t *testing.T) {
	t.Parallel()
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	c := newCluster(t)
	c.job("dist1", condition(v2beta1.JobFailed, ""))
	c.pod("dist1", "dist1-launcher-a", exited(1))
	c.logs["dist1-launcher-a"] = silence
	silent := httptest.NewServer(http.HandlerFunc(silence))
	t.Cleanup(silent.Close)
	t.Cleanup(silent.CloseClientConnections)
	for _, test := range []struct{ args, kubeconfig, want string }{
		{"describe dist1", c.kubeconfig, "waiting for the log of the launcher"},
		{"version", kubeconfigOf(t, silent.URL), "waiting for the API server and the webhook"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], append(strings.Fields(test.args), "--kubeconfig="+test.kubeconfig)...)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			user, program, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = user.Close(), program.Close() })
			cmd.Stderr = program
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
			shown := &syncBuffer{}
			go func() { _, _ = io.Copy(shown, user) }()
			says(t, shown, test.want)
		})
	}
}
