package env_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// orphanEnv, if set, makes the test binary start an environment and never stop it.
const orphanEnv = "RUNAI_MPI_TEST_ORPHAN"

// Everything listens on loopback only, and after Stop no process and no socket is left.
func TestNothingIsLeftBehind(t *testing.T) {
	before := descendants(t, os.Getpid())
	e, err := env.Start(t.Context(), env.Options{ControllerManager: true, Scheduler: true})
	if err != nil {
		t.Fatal(err)
	}
	started := without(descendants(t, os.Getpid()), before)
	listening := listeners(t, started)
	if len(started) < 5 || len(listening) < 3 {
		t.Errorf("found %d processes that listen on %d sockets: this test does not see all of them", len(started), len(listening))
	}
	for inode, address := range listening {
		if !strings.HasPrefix(address, loopback4) && !strings.HasPrefix(address, loopback6) {
			t.Errorf("socket %s listens on %s, not on loopback", inode, address)
		}
	}
	if err := e.Stop(); err != nil {
		t.Error(err)
	}
	if left := without(descendants(t, os.Getpid()), before); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	for inode := range sockets(t) {
		if address, ours := listening[inode]; ours {
			t.Errorf("socket %s still listens on %s", inode, address)
		}
	}
	if _, err := os.Stat(e.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", e.Dir, err)
	}
}

// The servers of a killed program end with it.
func TestServersDieWithTheirProgram(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanEnv+"=1", "TMPDIR="+t.TempDir())
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the program did not start: %s", err)
	}
	if line != "started\n" {
		t.Fatal(line)
	}
	servers := descendants(t, cmd.Process.Pid)
	if len(servers) < 3 {
		t.Errorf("only processes %v run", servers)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	deadline := time.Now().Add(10 * time.Second)
	for _, pid := range servers {
		for runs(pid) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d outlives its program", pid)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func startAndWait() {
	if _, err := env.Start(context.Background(), env.Options{}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("started")
	select {}
}

// descendants returns the child processes of pid, read from /proc.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("/proc does not list the children of %d: %v", pid, err)
	}
	var all []int
	for _, file := range files {
		data, _ := os.ReadFile(file) // a thread that ended has no children
		for _, field := range strings.Fields(string(data)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, child)
		}
	}
	return all
}

func without(all, some []int) []int {
	known := map[int]bool{}
	for _, pid := range some {
		known[pid] = true
	}
	var rest []int
	for _, pid := range all {
		if !known[pid] {
			rest = append(rest, pid)
		}
	}
	return rest
}

func runs(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(data), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// The addresses of /proc/net/tcp and tcp6, which are hexadecimal and in the machine's byte order.
const (
	loopback4 = "0100007F:"
	loopback6 = "00000000000000000000000001000000:"
	mapped4   = "0000000000000000FFFF00000100007F:"
	listens   = "0A"
)

// sockets returns the address of each listening TCP socket, by inode.
func sockets(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // no IPv6
		}
		for line := range strings.Lines(string(data)) {
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == listens {
				all[fields[9]] = strings.Replace(fields[1], mapped4, loopback4, 1)
			}
		}
	}
	return all
}

// listeners returns the address of each listening TCP socket of the processes, by inode.
func listeners(t *testing.T, pids []int) map[string]string {
	t.Helper()
	all, ours := sockets(t), map[string]string{}
	for _, pid := range pids {
		links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links {
			target, _ := os.Readlink(link) // it may be closed by now
			inode := strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")
			if address, listening := all[inode]; listening {
				ours[inode] = address
			}
		}
	}
	return ours
}
