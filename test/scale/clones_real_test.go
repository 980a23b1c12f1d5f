package scale

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// cloning is a stand-in for git-sync: it has the flags and the file of errors, and clones with git.
const cloning = `#!/bin/sh
for flag; do
  case $flag in
  --repo=*) repo=${flag#*=} ;;
  --root=*) root=${flag#*=} ;;
  --error-file=*) errors=${flag#*=} ;;
  esac
done
rm -rf "$root"
git clone -q --depth=1 "$repo" "$root" 2>"$errors" && exit
echo "exit status $?" >>"$errors" # of SIGPIPE, git says nothing
exit 1
`

// Pods that clone at the same time from a git server that closes connections above a limit all get their clone: the real
// script with the real git.
func TestClonesOfABusyServer(t *testing.T) {
	t.Parallel()
	const pods, atOnce = 12, 2
	dir := t.TempDir()
	write(t, filepath.Join(dir, "git-sync"), cloning)
	script, err := os.ReadFile("../../webhook/policy/git_sync.sh")
	if err != nil {
		t.Fatal(err)
	}
	address, refused := limited(t, serveGit(t, filepath.Join(dir, "served")), atOnce)
	var all errgroup.Group
	for pod := range pods {
		all.Go(func() error {
			root := filepath.Join(dir, fmt.Sprint("pod-", pod))
			cmd := exec.CommandContext(t.Context(), "sh", "-c", string(script), "runai-git-sync", "120", //nolint:gosec // our own
				"--repo=git://"+address+"/code", "--root="+root)
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "LAST_ERROR="+root+".error", "HOME="+dir)
			if output, err := cmd.CombinedOutput(); err != nil {
				said, _ := os.ReadFile(root + ".error")
				return fmt.Errorf("pod %d: %w: %s%s", pod, err, output, said)
			}
			_, err := os.Stat(filepath.Join(root, "train.py"))
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d pods cloned from a server with %d connections, which refused %d", pods, atOnce, refused.Load())
	if refused.Load() == 0 {
		t.Error("the server refused nobody")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
}

// serveGit serves a repository, and returns its address.
func serveGit(t *testing.T, dir string) (address string) {
	t.Helper()
	code := filepath.Join(dir, "code")
	gitRuns(t, "init", "-q", code)
	write(t, filepath.Join(code, "train.py"), "print()\n")
	gitRuns(t, "-C", code, "add", "train.py")
	gitRuns(t, "-C", code, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "first")
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	flags := []string{"daemon", "--export-all", "--base-path=" + dir, "--listen=" + host, "--port=" + port, "--reuseaddr"}
	daemon := exec.CommandContext(ctx, "git", flags...)                            //nolint:gosec // our own
	daemon.Cancel = func() error { return daemon.Process.Signal(syscall.SIGTERM) } // git ends its own child then
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = daemon.Wait()
	})
	return address
}

func gitRuns(t *testing.T, args ...string) {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %s: %s", args, err, output)
	}
}

// limited returns an address that passes some connections at a time on to a server, for half a second at least, and
// closes others at once.
func limited(t *testing.T, server string, atOnce int64) (address string, refused *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	refused = &atomic.Int64{}
	var served atomic.Int64
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			if served.Add(1) > atOnce {
				served.Add(-1)
				refused.Add(1)
				_ = client.Close()
				continue
			}
			go func() {
				defer served.Add(-1)
				pass(client, server)
				time.Sleep(500 * time.Millisecond)
			}()
		}
	}()
	return listener.Addr().String(), refused
}

// pass copies both directions of a connection.
func pass(client net.Conn, server string) {
	defer client.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	go func() {
		_, _ = io.Copy(upstream, client)
		_ = upstream.(*net.TCPConn).CloseWrite() // the daemon waits for more questions
	}()
	_, _ = io.Copy(client, upstream)
}
