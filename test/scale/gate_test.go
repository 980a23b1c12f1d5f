package scale

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/figures"
)

// A worker that is ready costs the start gate one query and one connection, whatever the number of workers: the real script
// and the real ssh-keyscan, with stand-ins for DNS, the operator's files and the workers.
func TestGate(t *testing.T) {
	t.Parallel()
	rows := figures.NewTable("workers", "hostfile", "names that are looked up", "connections", "calls of getent", "seconds")
	for _, workers := range sizes() {
		dir := t.TempDir()
		port, connections := answering(t)
		hostfile := hostfileOf(workers)
		write(t, filepath.Join(dir, "hostfile"), hostfile)
		write(t, filepath.Join(dir, "resolv.conf"), "search ns.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n")
		write(t, filepath.Join(dir, "ssh"), "#!/bin/sh\necho host x\necho port "+port+"\n")
		write(t, filepath.Join(dir, "getent"), "#!/bin/sh\nshift\necho >>"+dir+"/calls\n"+
			`printf '%s\n' "$@" | tee -a `+dir+`/names | sed 's/\.$//; s/^[a-z0-9-]*-\([0-9]*\)\..*/\1 &/' | `+
			`while read -r n name; do echo "127.1.$((n / 250)).$((n % 250 + 1)) STREAM $name"; done`+"\n")
		script, err := os.ReadFile("../../webhook/policy/start_gate.sh")
		if err != nil {
			t.Fatal(err)
		}
		here := strings.NewReplacer("/etc/mpi/hostfile", dir+"/hostfile", "/etc/resolv.conf", dir+"/resolv.conf").Replace(string(script))
		start := time.Now()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", here, "runai-start-gate", "600", "", "", "") //nolint:gosec // our own
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
		if output, err := cmd.CombinedOutput(); err != nil || len(output) > 0 {
			t.Errorf("%v: %s", err, output)
		}
		took := time.Since(start)
		if names := lines(t, filepath.Join(dir, "names")); names != workers || connections.Load() != int64(workers) {
			t.Errorf("%d workers cost %d queries and %d connections", workers, names, connections.Load())
		}
		rows.Add(strconv.Itoa(workers), inKilobytes(int64(len(hostfile))), strconv.Itoa(workers), strconv.FormatInt(connections.Load(), 10),
			strconv.Itoa(lines(t, filepath.Join(dir, "calls"))), figures.Seconds(took.Seconds()))
	}
	figures.Keep(t, "gate", 1, rows)
}

func hostfileOf(workers int) string {
	var text strings.Builder
	for worker := range workers {
		fmt.Fprintf(&text, "scale-%[1]d-worker-%[2]d.scale-%[1]d.runai-scale.svc slots=1\n", workers, worker)
	}
	return text.String()
}

func lines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// answering answers as sshd at all addresses of this machine, and counts.
func answering(t *testing.T) (port string, connections *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0") //nolint:gosec // for all workers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connections = &atomic.Int64{}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer connection.Close()
				_, _ = connection.Write([]byte("SSH-2.0-OpenSSH_10.0p2\r\n"))
				_, _ = connection.Read(make([]byte, 1))
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, connections
}
