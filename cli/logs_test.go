package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// logLine returns a line of a log, as it is sent.
func logLine(n int) string {
	return fmt.Sprintf("%s line %d\n", time.Date(2026, 1, 31, 12, 0, 0, n*300_000_000, time.UTC).Format(time.RFC3339Nano), n)
}

// sends answers with lines of a log from the time of the request on, and ends as until does.
func sends(from, to int, until func(r *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("sinceTime"))
		w.WriteHeader(http.StatusOK)
		for n := from; n < to; n++ {
			if at := time.Date(2026, 1, 31, 12, 0, 0, n*300_000_000, time.UTC); !at.Before(since) {
				fmt.Fprint(w, logLine(n))
			}
		}
		w.(http.Flusher).Flush()
		if until != nil {
			until(r)
		}
	}
}

func cut(*http.Request) { panic(http.ErrAbortHandler) }

func untilClosed(r *http.Request) { <-r.Context().Done() }

// The launcher is followed to the end of the job: over cut connections, politely ended ones, and into the next attempt.
func TestFollow(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	cmd := c.start(t, "logs", "dist1", "-f")
	says(t, cmd.stderr, "Pending: the MPI Operator has not created the pods yet")
	c.pod("dist1", "dist1-worker-0", runs)
	c.pod("dist1", "dist1-launcher-a", waits)
	says(t, cmd.stderr, "the pods are starting")
	var requests atomic.Int32
	c.logs["dist1-launcher-a"] = func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) {
		case 1:
			sends(0, 3, cut)(w, r)
		case 2:
			refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable")
		case 3:
			sends(0, 10, nil)(w, r) // the end of a connection that looks like the end of the log
		case 4:
			sends(0, 20, func(*http.Request) { c.pod("dist1", "dist1-launcher-a", exited(1)) })(w, r)
		default:
			sends(0, 21, nil)(w, r)
		}
	}
	c.logs["dist1-launcher-b"] = sends(21, 25, nil)
	c.pod("dist1", "dist1-launcher-a", runs)
	want := ""
	for n := range 25 {
		want += fmt.Sprintf("line %d\n", n)
		if n == 20 {
			says(t, cmd.stdout, want)
			time.Sleep(1100 * time.Millisecond) // launchers are ordered by the second
			c.pod("dist1", "dist1-launcher-b", runs)
			c.pod("dist1", "dist1-launcher-b", exited(0))
		}
	}
	says(t, cmd.stdout, want)
	c.job("dist1", condition(v2beta1.JobSucceeded, ""))
	cmd.ends(t, 0, want, "")
}

func TestFollowAllPods(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	for _, pod := range []string{"dist1-launcher-a", "dist1-worker-0", "dist1-worker-1"} {
		c.logs[pod] = sends(0, 1, untilClosed)
	}
	c.pod("dist1", "dist1-worker-0", runs)
	cmd := c.start(t, "logs", "dist1", "-f", "--all-pods", "--timestamps")
	says(t, cmd.stdout, "[dist1-worker-0] "+logLine(0))
	c.pod("dist1", "dist1-worker-1", runs)
	says(t, cmd.stdout, "[dist1-worker-1] "+logLine(0))
	c.logs["dist1-launcher-a"] = sends(0, 2, nil)
	c.pod("dist1", "dist1-launcher-a", exited(0))
	says(t, cmd.stdout, "[dist1-launcher-a] "+logLine(0)+"[dist1-launcher-a] "+logLine(1))
	c.job("dist1", condition(v2beta1.JobSucceeded, ""))
	c.server.CloseClientConnections() // the kubelet ends the logs of deleted pods
	c.remove("pods", "dist1-worker-0")
	c.remove("pods", "dist1-worker-1")
	cmd.ends(t, 0, cmd.stdout.String(), "")
}

// A log that the API server cannot read ends the command, unless it could be read before.
func TestFollowOnLostNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	c.pod("dist1", "dist1-launcher-a", runs)
	for says, log := range map[string]http.HandlerFunc{
		"dial tcp: no route to host": func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusInternalServerError, "dial tcp: no route to host")
		},
		`nodes "n" not found`: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":404,"reason":"NotFound",
				"message":"nodes \"n\" not found","details":{"name":"n","kind":"nodes"}}`)
		},
	} {
		c.logs["dist1-launcher-a"] = log
		c.start(t, "logs", "dist1", "-f").ends(t, 1, "", "runai: "+says+"\n")
	}
}

// What ends a command that follows is one line.
func TestFollowEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(*cluster, *process)
		code   int
		stderr string
	}{
		"deleted":     {func(c *cluster, _ *process) { c.remove("mpijobs", "dist1") }, 1, "runai: job \"dist1\" was deleted\n"},
		"interrupted": {func(_ *cluster, cmd *process) { cmd.cancel() }, 130, "runai: interrupted\n"},
		"failed without a launcher": {
			func(c *cluster, _ *process) { c.job("dist1", condition(v2beta1.JobFailed, "no launcher.")) }, 1,
			"runai: job \"dist1\" has ended, and its launcher no longer exists. Failed: no launcher. See 'runai logs dist1'.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.job("dist1", nil)
			cmd := c.start(t, "logs", "dist1", "-f")
			says(t, cmd.stderr, "Pending: ")
			test.end(c, cmd)
			cmd.ends(t, test.code, "", test.stderr)
		})
	}
}

func TestLogsOfPods(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	c.pod("dist1", "dist1-launcher-a", exited(1))
	time.Sleep(1100 * time.Millisecond) // launchers are ordered by the second
	c.pod("dist1", "dist1-launcher-b", runs)
	c.pod("dist1", "dist1-worker-0", runs)
	c.pod("dist1", "dist1-worker-1", waits)
	for i, pod := range []string{"dist1-launcher-a", "dist1-launcher-b", "dist1-worker-0"} {
		c.logs[pod] = sends(i, i+1, nil)
	}
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{nil, 0, logLine(1), ""},
		{[]string{"--pod", "dist1-worker-0"}, 0, logLine(2), ""},
		{[]string{"--pod", "worker-0", "-c", "mpi"}, 0, logLine(2), ""},
		{[]string{"--pod", "launcher"}, 0, logLine(1), ""},
		{[]string{"--previous"}, 0, logLine(0), ""},
		{[]string{"--all-pods"}, 0, "[dist1-launcher-b] " + logLine(1) + "[dist1-launcher-a] " + logLine(0) + "[dist1-worker-0] " + logLine(2),
			"3 of 4 pods have output\n"},
		{[]string{"--pod", "worker-1"}, 1, "", "runai: pod \"worker-1\" has no output yet. ContainerCreating: the pods are starting.\n"},
		{[]string{"--pod", "worker-7", "-f"}, 1, "", "runai: invalid value \"worker-7\" for --pod: must be a pod of job dist1: " +
			"dist1-launcher-b, dist1-launcher-a, dist1-worker-0, dist1-worker-1\n"},
		{[]string{"-c", "sshd"}, 1, "", "runai: invalid value \"sshd\" for --container: must be a container of the pod: mpi\n"},
		{[]string{"--previous", "--pod", "worker-0"}, 1, "", "runai: pod \"worker-0\" has no previous attempt: it has not been restarted\n"},
		{[]string{"--previous", "-f", "--pod", "a", "--all-pods"}, 2, "", "runai: --pod and --all-pods cannot be used together\n" +
			"runai: --previous and --follow cannot be used together\nrunai: --previous and --all-pods cannot be used together\n"},
	} {
		c.start(t, append([]string{"logs", "dist1"}, test.args...)...).ends(t, test.code, test.stdout, test.stderr)
	}
}
