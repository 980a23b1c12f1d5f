package policy

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/ranges"
)

// A place is where a test runs the script: with the real ssh and ssh-keyscan, sshds that only say who they are, and
// a getent that reads a file.
type place struct {
	t    *testing.T
	dir  string
	port string

	mutex sync.Mutex
	seen  map[string]int // connections, by the address of the worker
}

func newPlace(t *testing.T, hostfile string) *place {
	t.Helper()
	for _, program := range []string{"ssh", "ssh-keyscan"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatal(err)
		}
	}
	p := &place{t: t, dir: t.TempDir(), seen: map[string]int{}}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, p.port, _ = net.SplitHostPort(free.Addr().String())
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	p.write("hostfile", hostfile)
	p.write("resolv.conf", "nameserver 127.0.0.1\nsearch ns.svc.example.org svc.example.org example.org\noptions ndots:5\n")
	p.write("ssh_config", "Host *.job.ns.svc\n  Port "+p.port+"\n")
	p.write("names", "")
	p.write("queries", "")
	p.program("getent", `[ "$1" = ahosts ] || exit 1
shift
for name; do
  echo "$name" >>`+p.path("queries")+`
  grep " ${name%.}\$" `+p.path("names")+` | while read -r address _; do printf '%s STREAM %s\n%s DGRAM\n%s RAW\n' "$address" "${name%.}" "$address" "$address"; done
done
`)
	p.program("ssh", fmt.Sprintf("exec %s -F %s \"$@\"\n", mustFind(t, "ssh"), p.path("ssh_config")))
	return p
}

func mustFind(t *testing.T, program string) string {
	t.Helper()
	found, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(p.path(name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *place) program(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte("#!/bin/sh\n"+text), 0o700); err != nil { //nolint:gosec // a program
		p.t.Fatal(err)
	}
}

func addressOf(worker int) string { return fmt.Sprintf("127.1.%d.%d", worker/200, worker%200+1) }

// publish makes names of workers resolve.
func (p *place) publish(workers ...int) {
	p.t.Helper()
	text := p.read("names")
	for _, worker := range workers {
		text += fmt.Sprintf("%s job-worker-%d.job.ns.svc.example.org\n", addressOf(worker), worker)
	}
	p.write("names", text)
}

// listen starts a stand-in for the sshd of each worker.
func (p *place) listen(banner string, workers ...int) {
	p.t.Helper()
	for _, worker := range workers {
		listener, err := net.Listen("tcp", net.JoinHostPort(addressOf(worker), p.port))
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				p.mutex.Lock()
				p.seen[addressOf(worker)]++
				p.mutex.Unlock()
				_, _ = connection.Write([]byte(banner))
				_, _ = connection.Read(make([]byte, 1)) // what a client answers after it has read the banner
				_ = connection.Close()
			}
		}()
	}
}

func (p *place) connections(worker int) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.seen[addressOf(worker)]
}

func (p *place) queries(worker int) int {
	return strings.Count("\n"+p.read("queries"), fmt.Sprintf("\njob-worker-%d.job.ns.svc.example.org.\n", worker))
}

// command returns the script with its arguments: seconds, needed, port, patience, and those of ssh.
func (p *place) command(arguments ...string) *exec.Cmd {
	script := strings.NewReplacer("/etc/mpi/hostfile", p.path("hostfile"), "/etc/resolv.conf", p.path("resolv.conf")).Replace(gateScript)
	command := exec.CommandContext(p.t.Context(), "sh", append([]string{"-c", script, gateContainer}, arguments...)...) //nolint:gosec // the test's own
	command.Env = []string{"PATH=" + p.dir + ":" + os.Getenv("PATH")}
	return command
}

// run returns what the script prints, and whether it succeeded.
func (p *place) run(arguments ...string) (output string, passed bool) {
	p.t.Helper()
	text, err := p.command(arguments...).CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // as CombinedOutput returns it
		p.t.Fatal(err)
	}
	return string(text), err == nil
}

// start runs the script in the background. The function that it returns waits for its end.
func (p *place) start(arguments ...string) (wait func() (output string, passed bool)) {
	p.t.Helper()
	var output bytes.Buffer
	command := p.command(arguments...)
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		p.t.Fatal(err)
	}
	return func() (string, bool) {
		err := command.Wait()
		return output.String(), err == nil
	}
}

func hostsOf(workers int, end string) string {
	var text strings.Builder
	for worker := range workers {
		fmt.Fprintf(&text, "job-worker-%d.job.ns.svc%s\n", worker, end)
	}
	return text.String()
}

func upTo(workers int) []int {
	all := make([]int, workers)
	for i := range all {
		all[i] = i
	}
	return all
}

const banner = "SSH-2.0-OpenSSH_10.0p2\r\n"

// A ready worker costs one lookup and one connection, however the operator lists it.
func TestGateOfReadyWorkers(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"Open MPI": " slots=2", "MPICH": ":2"} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, "job-launcher.job.ns.svc"+end+"\n"+hostsOf(70, end))
			p.publish(upTo(70)...)
			p.listen(banner, upTo(70)...)
			if output, passed := p.run("60", "", "", ""); !passed || output != "" {
				t.Fatalf("passed: %t, output: %s", passed, output)
			}
			connections := 0
			for worker := range 70 {
				connections = max(connections, p.connections(worker))
			}
			ranges.Check(t, "gate-connections", float64(connections))
			ranges.Check(t, "gate-lookups", float64(strings.Count(p.read("queries"), "\n"))/70)
		})
	}
}

// The gate waits for names, for sshd behind a name, and for what another listener on its port does not say.
func TestGateWaits(t *testing.T) {
	t.Parallel()
	p := newPlace(t, hostsOf(3, " slots=1"))
	p.publish(0, 1)
	p.listen(banner, 0)
	p.listen("HTTP/1.1 400 Bad Request\r\n\r\n", 2)
	start := time.Now()
	output, passed := p.run("3", "", "", "")
	if want := "these workers were not ready within 3 s: job-worker-1 job-worker-2\n"; passed || output != want {
		t.Errorf("passed: %t, output: %q, want %q", passed, output, want)
	}
	if p.connections(0) != 1 || p.queries(0) != 1 {
		t.Errorf("the ready worker has %d connections and %d lookups", p.connections(0), p.queries(0))
	}
	if queries, seconds := p.queries(2), time.Since(start).Seconds(); queries < 1 || float64(queries) > seconds+1 {
		t.Errorf("the worker without a name was looked up %d times in %.1f s", queries, seconds)
	}
	again := p.start("60", "", "", "")
	p.publish(2)
	for p.connections(2) < 1 { // the listener that is no sshd
		time.Sleep(100 * time.Millisecond)
	}
	p.listen(banner, 1)
	for p.connections(1) < 1 {
		time.Sleep(100 * time.Millisecond)
	}
	p.write("hostfile", hostsOf(2, " slots=1")) // scaled down meanwhile
	if output, passed := again(); !passed {
		t.Error(output)
	}
}

// The message names some of the missing workers.
func TestGateNamesTheMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t, hostsOf(13, " slots=1"))
	p.publish(0)
	p.listen(banner, 0)
	output, passed := p.run("1", "", "", "")
	want := "these workers were not ready within 1 s:"
	for worker := 1; worker <= 10; worker++ {
		want += fmt.Sprintf(" job-worker-%d", worker)
	}
	if passed || output != want+" and 2 more\n" {
		t.Errorf("passed: %t, output: %s", passed, output)
	}
}

// An elastic job needs some of its workers, and never more than it has.
func TestGateOfElasticJobs(t *testing.T) {
	t.Parallel()
	p := newPlace(t, hostsOf(3, " slots=1"))
	p.publish(0, 2)
	p.listen(banner, 0, 2)
	for needed, want := range map[string]bool{"0": true, "1": true, "2": true, "3": false, "9": false} {
		if output, passed := p.run("1", needed, "", ""); passed != want {
			t.Errorf("%s are needed: passed: %t, output: %s", needed, passed, output)
		}
	}
}

// A port that nobody can know does not hold a job, and one that may be wrong not for long.
func TestGateOfUnknownPorts(t *testing.T) {
	t.Parallel()
	p := newPlace(t, hostsOf(1, " slots=1"))
	p.publish(0)
	for name, arguments := range map[string][]string{"name only": {"20", "", "name", ""}, "patience": {"20", "", "", "2"}} {
		if output, passed := p.run(arguments...); !passed {
			t.Errorf("%s: %s", name, output)
		}
	}
	p.listen(banner, 0)
	if output, passed := p.run("20", "", p.port, ""); !passed || p.connections(0) != 1 {
		t.Errorf("a given port: passed: %t after %d connections, output: %s", passed, p.connections(0), output)
	}
	p.write("ssh_config", "")
	if output, passed := p.run("20", "", "", "", "-p", p.port); !passed || p.connections(0) != 2 {
		t.Errorf("ssh's arguments: passed: %t after %d connections, output: %s", passed, p.connections(0), output)
	}
}

// mpirun's own agent is asked, and no other program.
func TestGateAsksTheAgent(t *testing.T) {
	t.Parallel()
	const unknown = "the port of sshd is unknown: the launcher waits only until the names of its workers resolve\n"
	for name, test := range map[string]struct {
		environment []string
		config      string
		prterun     bool
		want        string
	}{
		"Open MPI 4":               {environment: []string{"OMPI_MCA_plm_rsh_agent=DIR/agents/ssh -q : rsh"}},
		"Open MPI 5":               {environment: []string{"PRTE_MCA_plm_ssh_agent=DIR/agents/ssh"}, prterun: true},
		"arguments of Open MPI 5":  {environment: []string{"PRTE_MCA_plm_ssh_args=-x -p PORT"}, config: " ", prterun: true},
		"MPICH":                    {environment: []string{"HYDRA_LAUNCHER_EXEC=DIR/agents/ssh"}},
		"Intel MPI":                {environment: []string{"I_MPI_HYDRA_BOOTSTRAP_EXEC=DIR/agents/ssh"}},
		"a program of one's own":   {environment: []string{"OMPI_MCA_plm_rsh_agent=DIR/agents/kubexec.sh"}, want: unknown},
		"another launcher":         {environment: []string{"HYDRA_LAUNCHER=rsh"}, want: unknown},
		"parameters in a file":     {environment: []string{"HOME=DIR/user"}, want: unknown},
		"a proxy":                  {config: "Host *\n  ProxyCommand nc %h %p\n", want: unknown},
		"a jump host":              {config: "Host *\n  ProxyJump bastion\n", want: unknown},
		"an invalid configuration": {config: "Nonsense yes\n", want: unknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, hostsOf(1, " slots=1"))
			p.publish(0)
			p.listen(banner, 0)
			if test.config != "" {
				p.write("ssh_config", test.config)
			}
			if test.prterun {
				p.program("prterun", "")
			}
			for _, dir := range []string{"agents", "user/.prte"} {
				if err := os.MkdirAll(p.path(dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			p.write("user/.prte/mca-params.conf", "plm_ssh_agent = ssh\nplm_ssh_args = -p 2022\n")
			p.program("agents/ssh", fmt.Sprintf("exec %s -F %s \"$@\"\n", mustFind(t, "ssh"), p.path("ssh_config")))
			p.program("agents/kubexec.sh", "touch "+p.path("called")+"\n")
			command := p.command("5", "", "", "")
			for _, variable := range test.environment {
				command.Env = append(command.Env, strings.NewReplacer("DIR", p.dir, "PORT", p.port).Replace(variable))
			}
			if output, err := command.CombinedOutput(); err != nil || string(output) != test.want {
				t.Errorf("%v: got %q, want %q", err, output, test.want)
			}
			if _, err := os.Stat(p.path("called")); err == nil {
				t.Error("a program that is no ssh was called")
			}
			if asked := p.connections(0) == 1; asked == (test.want == unknown) {
				t.Errorf("sshd was asked: %t", asked)
			}
		})
	}
}

// An image without the tools does not hold its job.
func TestGateWithoutTools(t *testing.T) {
	t.Parallel()
	for missing, want := range map[string]string{
		"ssh-keyscan": "this image has no ssh-keyscan: the launcher waits only until the names of its workers resolve\n",
		"ssh":         "the port of sshd is unknown: the launcher waits only until the names of its workers resolve\n",
		"getent":      "no getent in this image: the launcher does not wait for its workers\n",
		"timeout":     "",
	} {
		t.Run(missing, func(t *testing.T) {
			p := newPlace(t, hostsOf(1, " slots=1"))
			p.publish(0)
			p.listen(banner, 0)
			for _, program := range []string{"sh", "sed", "date", "sleep", "tr", "grep", "timeout", "ssh-keyscan"} {
				if err := os.Symlink(mustFind(t, program), p.path(program)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Remove(p.path(missing)); err != nil {
				t.Fatal(err)
			}
			command := p.command("20", "", "", "")
			command.Env = []string{"PATH=" + p.dir}
			if output, err := command.CombinedOutput(); err != nil || string(output) != want {
				t.Errorf("%v: got %q, want %q", err, output, want)
			}
		})
	}
}
