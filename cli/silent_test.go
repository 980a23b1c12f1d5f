package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// handle puts a handler in front of the cluster.
func (c *cluster) handle(handler func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	c.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(w, r, c) })
}

// --timeout ends a command also while the API server does not answer.
func TestTimeoutWithoutAnswer(t *testing.T) {
	t.Parallel()
	for _, silent := range []string{"/mpijobs/dist1", "/mpijobs?", "/pods?"} {
		for _, args := range []string{"wait dist1 --timeout 300ms", "attach dist1 --timeout 300ms"} {
			t.Run(silent+" "+args, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t)
				end := make(chan struct{})
				t.Cleanup(func() { close(end) })
				c.handle(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if strings.Contains(r.URL.String(), silent) {
						<-end
						return
					}
					next.ServeHTTP(w, r)
				})
				c.job("dist1", nil)
				want := fmt.Sprintf("runai: the API server %s gave no answer within 300ms (--timeout): try again, or wait longer\n", c.server.URL)
				if silent == "/mpijobs?" && strings.HasPrefix(args, "wait") {
					want = "runai: timed out after 300ms: job \"dist1\" is not finished: its state is unknown\n"
				}
				c.start(t, strings.Fields(args)...).ends(t, 1, "", want)
			})
		}
	}
}

// After Ctrl-C nothing more is changed, and the command does not say for each of the other jobs that it was interrupted.
func TestInterruptedChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, method, stdout, want string }{
		{"delete a b c", http.MethodDelete, "Job a deleted successfully.\n", "runai: interrupted: b, c not deleted\n"},
		{"delete -A --yes", http.MethodDelete, "Job a deleted successfully.\n", "runai: interrupted: b, c not deleted\n"},
		{"suspend a b c", http.MethodPatch, "", "runai: interrupted\n"},
		{"wait a b c", http.MethodGet, "", "runai: interrupted\n"},
		{"delete a b c", http.MethodGet, "", "runai: interrupted\n"},
	} {
		t.Run(test.args+test.method, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			asked, goOn := make(chan struct{}, 99), make(chan struct{})
			c.handle(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method == test.method && strings.Contains(r.URL.Path, "/mpijobs/") {
					asked <- struct{}{}
					<-goOn
				}
				if r.Method == http.MethodDelete {
					answer(w, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Success"})
					return
				}
				next.ServeHTTP(w, r)
			})
			for _, name := range []string{"a", "b", "c"} {
				c.job(name, nil)
			}
			cmd := c.start(t, strings.Fields(test.args)...)
			<-asked
			cmd.cancel()
			if test.method == http.MethodDelete { // which is finished
				close(goOn)
			} else {
				t.Cleanup(func() { close(goOn) })
			}
			cmd.ends(t, 130, test.stdout, test.want)
			if len(asked) > 0 || cmd.stderr.String() != test.want {
				t.Errorf("%d more requests, and %q", len(asked), cmd.stderr.String())
			}
		})
	}
}

// What no API server stores is no reason to crash, and a pod's name cannot rewrite the terminal.
func TestOddObjects(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("empty", func(job *v2beta1.MPIJob) {
		condition(v2beta1.JobFailed, "x")(job)
		job.Spec.MPIReplicaSpecs = map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec{v2beta1.MPIReplicaTypeWorker: nil, v2beta1.MPIReplicaTypeLauncher: {}}
	})
	c.pod("empty", "empty-launcher-a", runs)
	pod := c.get("pods", "empty-launcher-a").(*corev1.Pod).DeepCopy()
	pod.Spec.Containers = nil
	c.put("pods", pod)
	for _, args := range []string{
		"list", "list -o wide", "describe job empty", "logs empty", "logs empty --all-pods", "logs empty -c x", "logs -f empty", "logs --previous empty",
		"attach empty", "bash empty", "port-forward empty :80", "wait empty", "resubmit empty --dry-run", "suspend empty", "resume empty",
	} {
		cmd := c.start(t, strings.Fields(args)...)
		if code := <-cmd.code; code > 1 || code == 1 && cmd.stderr.String() == "" {
			t.Errorf("%s: exit code %d, %s", args, code, cmd.stderr)
		}
	}
	c.job("hostile", nil)
	c.pod("hostile", "hostile-\x1b[2J-launcher-a", runs)
	c.logs["hostile-\x1b[2J-launcher-a"] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "raw \x1b[1m") }
	c.start(t, "logs", "hostile", "--all-pods").ends(t, 0, "[hostile-\\x1b[2J-launcher-a] raw \x1b[1m\n", "")
}
