package lab

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// orphanEnv, if set, makes the test binary start a lab and never stop it.
const orphanEnv = "RUNAI_MPI_TEST_ORPHAN"

// The processes of a killed lab end with it, and the next lab removes everything else.
func TestKilledLab(t *testing.T) {
	lab.Require(t)
	turn := take(t)
	before := machine(t)
	turn.Release()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanEnv+"=1")
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "started\n" {
		t.Fatalf("the lab did not start: %s, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	turn = take(t)
	defer turn.Release()
	before.compare(t, machine(t))
}

func startAndWait() {
	l, err := lab.Start(context.Background(), lab.Options{})
	if err == nil {
		_, _, err = l.Kubectl(context.Background(), strings.NewReader(sleeper), "create", "-f", "-")
	}
	if err == nil {
		_, _, err = l.Kubectl(context.Background(), nil, "wait", "pod/sleeper", "--for=condition=Ready", "--timeout=60s")
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("started")
	select {}
}

func take(t *testing.T) *lab.Turn {
	t.Helper()
	turn, err := lab.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

// A state has what commands print about a machine, as lines by subject.
type state map[string][]string

func machine(t *testing.T) state {
	t.Helper()
	s := state{}
	for subject, command := range map[string]string{
		"interfaces": "ip -brief link | cut -d' ' -f1",
		"addresses":  "ip -brief address | cut -d' ' -f1,3",
		"routes":     "ip route",
		"namespaces": "ip netns",
		"packets":    "nft list ruleset",
		"mounts":     "cut -d' ' -f5 /proc/self/mountinfo",
		"cgroups":    "find /sys/fs/cgroup -maxdepth 2 -type d",
		"files":      "ls -d /run/* /run/*/* /var/run/* /var/lib/* /var/log/* /etc/* /opt/* ${TMPDIR:-/tmp}/runai-mpi-lab* 2>&1",
		"settings": "cd /proc/sys && grep -r . vm/overcommit_memory vm/panic_on_oom kernel/panic* kernel/keys " +
			"net/ipv4/ip_forward net/ipv4/conf/all net/netfilter 2>/dev/null | grep -v conntrack_count",
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
		if err != nil && len(out) == 0 {
			t.Logf("%s: %s: %s", subject, command, err)
		}
		s[subject] = strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	s["processes"] = nodeProcesses(t)
	return s
}

// nodeProcesses returns the command lines that name a program that only nodes run.
func nodeProcesses(t *testing.T) []string {
	t.Helper()
	set, err := binaries.Find(binaries.Node...)
	if err != nil {
		t.Fatal(err)
	}
	nodePrograms := slices.AppendSeq([]string{"sleep infinity", "namespaces.sh"}, maps.Values(set))
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		data, _ := os.ReadFile(file) // it may have ended
		line := strings.ReplaceAll(string(data), "\x00", " ")
		if slices.ContainsFunc(nodePrograms, func(part string) bool { return strings.Contains(line, part) }) {
			found = append(found, line)
		}
	}
	return found
}

func (s state) compare(t *testing.T, after state) {
	t.Helper()
	for subject, lines := range after {
		for _, line := range lines {
			if !slices.Contains(s[subject], line) {
				t.Errorf("new among the %s: %s", subject, line)
			}
		}
		for _, line := range s[subject] {
			if !slices.Contains(lines, line) {
				t.Errorf("gone from the %s: %s", subject, line)
			}
		}
	}
}
