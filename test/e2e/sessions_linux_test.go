package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/screen"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	interrupt = "\x03"     // Ctrl-C
	detach    = "\x10\x11" // Ctrl-P Ctrl-Q
)

// member returns a user with the roles that the chart gives the members of a project.
func member(t *testing.T, namespace string) *env.User {
	t.Helper()
	product.AddSession(t, namespace, "saml:alice@example.com")
	return login(t, namespace, claims)
}

// runaiAs returns runai as a process of a user.
func runaiAs(t *testing.T, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), product.Programs.Runai, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	return cmd
}

// startJob submits a job whose launcher runs a command at once, and waits until it runs.
func startJob(t *testing.T, kubeconfig, namespace, name string, args ...string) {
	t.Helper()
	submit(t, kubeconfig, append([]string{name, "-n", namespace, "-i", images.OpenMPI4}, args...)...)
	suite.Eventually(t, name+" runs", suite.Soon*2, func() error {
		stdout, _, _ := product.Runai(t, "list", "-n", namespace)
		if !regexp.MustCompile(`(?m)^` + name + `\s+Running`).MatchString(stdout) {
			return fmt.Errorf("%s", stdout)
		}
		return nil
	})
}

// getsSize waits until a shell gets the size of the window, which travels beside the keys.
func getsSize(s *screen.Screen, size string) {
	s.Type("until stty size | grep -x '" + size + "'; do sleep 0.1; done\r")
	s.Shows("\r" + size + "\r\n")
	s.Shows("bash-5.2")
}

// A job with --attach is a shell of the user: keys, the size of the window, Ctrl-C and the exit code arrive.
func TestAttach(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "attached", required)
	s := screen.Start(t, runaiAs(t, member(t, namespace).Kubeconfig(), "submit-mpi", "shell", "-n", namespace, "-i", images.OpenMPI4,
		"--image-pull-policy=never", "--interactive", "--run-as-user", "--attach", "--command", "--", "bash", "--norc"))
	s.Shows("The job 'shell' has been submitted successfully\r\n")
	s.Shows("Connecting to pod shell-launcher-")
	s.Shows("$ ")
	getsSize(s, "24 80")
	s.Resize(40, 120)
	getsSize(s, "40 120")
	s.Type("id -u\r")
	s.Shows("\r1234567\r\n")
	s.Type("sleep 1000\r")
	s.Shows("sleep 1000\r\n")
	s.Type(interrupt)
	s.Shows("^C")
	s.Shows("$ ")
	s.Type("exit 7\r")
	if code := s.End(); code != 7 {
		t.Errorf("exit code %d, want 7: %s", code, s.Text())
	}
	want := "Failed: the launcher exited with code 7. See 'runai logs shell -n " + namespace + "'.\r\n"
	if !strings.HasSuffix(s.Text(), want) {
		t.Errorf("%q does not end with %q", s.Text(), want)
	}
}

// What the process printed before is shown once. Whoever detaches, or whose program is terminated, leaves the job running.
func TestAttachAgain(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "attached-again", v1alpha1.ProjectSpec{})
	kubeconfig := member(t, namespace).Kubeconfig()
	startJob(t, kubeconfig, namespace, "again", "--stdin", "-t", "--command", "--",
		"bash", "--norc", "-c", "echo be''fore; exec bash --norc")
	attach := func(word string) *screen.Screen {
		s := screen.Start(t, runaiAs(t, kubeconfig, "attach", "again", "-n", namespace, "-it"))
		s.Shows("before\r\n")
		s.Type("echo the''" + word + "\r")
		s.Shows("the" + word + "\r\n") // not what was typed, and not what the log has from before
		return s
	}
	s := attach("first")
	s.Type(detach)
	if code := s.End(); code != 0 {
		t.Errorf("detached: exit code %d", code)
	}
	s.Shows("detached: job \"again\" keeps running; attach to it again with 'runai attach again -n " + namespace + "'\r\n")
	s = attach("second")
	s.Signal(syscall.SIGTERM)
	if code := s.End(); code != 130 {
		t.Errorf("terminated: exit code %d", code)
	}
	s.Shows("attach to it with 'runai attach again -n " + namespace + "'\r\n")
	if n := strings.Count(s.Text(), "before\r\n"); n != 1 {
		t.Errorf("%q shows %d times what was printed before", s.Text(), n)
	}
	// Without a terminal of its own, the program prints the log, in which lines end as in a file, and the keys arrive.
	cmd := runaiAs(t, kubeconfig, "attach", "again", "-n", namespace)
	cmd.Stdin = strings.NewReader("exit 0\n")
	stdout, err := cmd.Output()
	if text := string(stdout); err != nil || !strings.Contains(text, "\rthefirst\n") || !strings.Contains(text, "\rthesecond\n") {
		t.Errorf("%v: %q", err, stdout)
	}
}

// While the job waits, the status line says why. The wait ends after the timeout or by Ctrl-C, and the job stays.
func TestAttachWaits(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "attach-waits", v1alpha1.ProjectSpec{})
	kubeconfig := member(t, namespace).Kubeconfig()
	args := []string{"--image-pull-policy=never", "-i", images.OpenMPI4, "-n", namespace, "--cpu", "1000", "--attach"}
	s := screen.Start(t, runaiAs(t, kubeconfig, append([]string{"submit-mpi", "big"}, args...)...))
	s.Shows("Pending: no node can run pod big-")
	s.Type(interrupt)
	if code := s.End(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	s.Shows("runai: interrupted: job \"big\" was not deleted; attach to it with 'runai attach big -n " + namespace + "'\r\n")
	s = screen.Start(t, runaiAs(t, kubeconfig, "attach", "big", "-n", namespace, "--timeout", "3s"))
	if code := s.End(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	s.Shows("runai: job \"big\" did not start within 3s. Pending: no node can run pod big-")
	product.Job(t, namespace, "big") // is still there
}

// exec and bash run in a terminal or in a pipe, as the user wants.
func TestExec(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "exec", required)
	user := member(t, namespace)
	startJob(t, user.Kubeconfig(), namespace, "work", "--command", "--", "sleep", "1000")
	var refused, spdy atomic.Int32
	without := withoutWebSockets(t, user, &refused, &spdy)
	t.Run("terminal", func(t *testing.T) { t.Parallel(); execInTerminal(t, user.Kubeconfig(), namespace) })
	t.Run("bash", func(t *testing.T) { t.Parallel(); bash(t, user.Kubeconfig(), namespace) })
	t.Run("pipe", func(t *testing.T) { t.Parallel(); pipe(t, user.Kubeconfig(), namespace) })
	t.Run("without WebSockets", func(t *testing.T) {
		execInTerminal(t, without, namespace)
		pipe(t, without, namespace)
		if refused.Load() == 0 || refused.Load() != spdy.Load() {
			t.Errorf("%d WebSockets were refused, %d connections had SPDY", refused.Load(), spdy.Load())
		}
	})
	t.Run("mistakes", func(t *testing.T) { t.Parallel(); cannotExec(t, user.Kubeconfig(), namespace) })
}

// withoutWebSockets returns a kubeconfig through a proxy that knows only SPDY.
func withoutWebSockets(t *testing.T, user *env.User, refused, spdy *atomic.Int32) (kubeconfig string) {
	t.Helper()
	return suite.Proxied(t, user.Config, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		switch upgrade := strings.ToLower(r.Header.Get("Upgrade")); {
		case upgrade == "websocket":
			refused.Add(1)
			http.Error(w, "what is a WebSocket?", http.StatusBadRequest)
			return
		case strings.HasPrefix(upgrade, "spdy"):
			spdy.Add(1)
		}
		forward.ServeHTTP(w, r)
	})
}

func execInTerminal(t *testing.T, kubeconfig, namespace string) {
	s := screen.Start(t, runaiAs(t, kubeconfig, "exec", "work", "-n", namespace, "-it", "--", "bash", "--norc"))
	s.Shows("$ ")
	getsSize(s, "24 80")
	s.Resize(33, 99)
	getsSize(s, "33 99")
	s.Type("tty\r")
	s.Shows("\r/dev/pts/")
	s.Type("sleep 1000\r")
	s.Shows("sleep 1000\r\n")
	s.Type(interrupt)
	s.Shows("^C")
	s.Shows("$ ")
	s.Type("exit 5\r")
	if code := s.End(); code != 5 {
		t.Errorf("exit code %d, want 5: %s", code, s.Text())
	}
	s = screen.Start(t, runaiAs(t, kubeconfig, "exec", "work", "-n", namespace, "-it", "sh", "-c", "echo begun; sleep 1000"))
	s.Shows("begun\r\n")
	s.Signal(syscall.SIGTERM)
	if code := s.End(); code != 130 {
		t.Errorf("terminated: exit code %d", code)
	}
}

func bash(t *testing.T, kubeconfig, namespace string) {
	s := screen.Start(t, runaiAs(t, kubeconfig, "bash", "work", "-n", namespace, "--pod", "0"))
	s.Shows("$ ")
	s.Type("hostname; echo $BASH_VERSION\r")
	s.Shows("\rwork-worker-0\r\n5.")
	s.Type(interrupt)
	s.Shows("^C")
	s.Shows("$ ")
	s.Type("exit 9\r")
	if code := s.End(); code != 9 {
		t.Errorf("exit code %d, want 9: %s", code, s.Text())
	}
}

func pipe(t *testing.T, kubeconfig, namespace string) {
	data := make([]byte, 5<<20)
	_, _ = rand.Read(data)
	cmd := runaiAs(t, kubeconfig, "exec", "-i", "work", "-n", namespace, "--", "cat")
	cmd.Stdin = bytes.NewReader(data)
	if stdout, err := cmd.Output(); err != nil || !bytes.Equal(stdout, data) {
		t.Errorf("%v: %d bytes of %d come back", err, len(stdout), len(data))
	}
	stdout, stderr, code := product.RunaiAs(t, kubeconfig, "exec", "work", "-n", namespace, "--pod", "worker-0", "--",
		"sh", "-c", "echo out; echo err >&2; hostname; exit 3")
	if stdout != "out\nwork-worker-0\n" || stderr != "err\n" || code != 3 {
		t.Errorf("exit code %d: %q %q", code, stdout, stderr)
	}
	// Ctrl-C without a terminal ends the command.
	s := screen.Start(t, runaiAs(t, kubeconfig, "exec", "work", "-n", namespace, "--", "sh", "-c", "echo begun; sleep 1000"))
	s.Shows("begun")
	s.Type(interrupt)
	if code := s.End(); code != 130 {
		t.Errorf("interrupted: exit code %d", code)
	}
}

func cannotExec(t *testing.T, kubeconfig, namespace string) {
	bob, carol := login(t, namespace, bobs).Kubeconfig(), login(t, namespace, carols).Kubeconfig()
	product.AddSession(t, namespace, "saml:carol@example.com")
	for _, test := range []struct {
		kubeconfig, want string
		args             []string
	}{
		{kubeconfig, "runai: cannot run \"nvidia-smi\" in container mpi of pod work-launcher-",
			[]string{"exec", "work", "--", "nvidia-smi"}},
		{kubeconfig, "Did you mean work-worker-0?\n", []string{"exec", "work", "--pod", "work-wroker-0", "--", "true"}},
		{kubeconfig, "must be a pod of job work: work-launcher-", []string{"bash", "work", "--pod", "7"}},
		{kubeconfig, "must be a container of pod work-worker-0: mpi", []string{"exec", "work", "--pod", "0", "-c", "x", "--", "true"}},
		{bob, "runai: saml:bob@example.com is not allowed to open sessions in the pods of namespace " + namespace +
			": ask your administrator for the role runai-mpi-session\n", []string{"exec", "work", "--", "true"}},
		{carol, ", and you are uid=1002(carol) gid=1002 groups=1002: you can only enter pods that run as you\n",
			[]string{"exec", "work", "--", "true"}},
	} {
		stdout, stderr, code := product.RunaiAs(t, test.kubeconfig, append([]string{"-n", namespace}, test.args...)...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: exit code %d: %s%s", test.args, code, stdout, stderr)
		}
	}
}

// server echoes what it receives.
const server = `
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  next if fork;
  while (sysread $client, my $data, 65536) { print $client $data; $client->flush }
  exit;
}`

// A server in a rank can be reached on a local port, also after connections that broke.
func TestPortForward(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "forwarded", v1alpha1.ProjectSpec{})
	user := member(t, namespace)
	startJob(t, user.Kubeconfig(), namespace, "serve", "--command", "--", "perl", "-e", server)
	var refused, spdy atomic.Int32
	for _, kubeconfig := range []string{user.Kubeconfig(), withoutWebSockets(t, user, &refused, &spdy)} {
		out, in := io.Pipe()
		cmd := runaiAs(t, kubeconfig, "port-forward", "serve", "-n", namespace, ":8080", "--port", ":9")
		cmd.Stdout = in
		s := screen.Start(t, cmd)
		open, closed := portOf(t, out), portOf(t, out)
		echo(t, open)
		breakOff(t, open)
		if _, err := talk(closed, []byte("x")); err == nil {
			t.Error("something answers on port 9")
		}
		s.Shows("nothing listens on port 9 of pod serve-launcher-")
		echo(t, open)
		failTogether(t, open, closed)
		s.Type(interrupt)
		if code := s.End(); code != 130 {
			t.Errorf("exit code %d: %s", code, s.Text())
		}
	}
	if refused.Load() == 0 || spdy.Load() == 0 {
		t.Errorf("%d WebSockets were refused, %d connections had SPDY", refused.Load(), spdy.Load())
	}
	usedPort(t, user.Kubeconfig(), namespace)
	s := screen.Start(t, runaiAs(t, user.Kubeconfig(), "port-forward", "serve", "-n", namespace, ":8080"))
	s.Shows("Forwarding from localhost:")
	product.Runai(t, "delete", "serve", "-n", namespace)
	if code := s.End(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	s.Shows("runai: job \"serve\" was deleted\r\n")
}

// portOf returns the local port in the next line of port-forward.
func portOf(t *testing.T, out io.Reader) (address string) {
	t.Helper()
	var line []byte
	for next := make([]byte, 1); !bytes.HasSuffix(line, []byte("\n")); line = append(line, next...) {
		if _, err := out.Read(next); err != nil {
			t.Fatal(err)
		}
	}
	match := regexp.MustCompile(`^Forwarding from (localhost:\d+) -> \d+ of pod serve-launcher-`).FindSubmatch(line)
	if match == nil {
		t.Fatalf("%q", line)
	}
	return string(match[1])
}

func talk(address string, data []byte) (answer []byte, err error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	go func() { _, _ = connection.Write(data) }()
	answer = make([]byte, len(data))
	_, err = io.ReadFull(connection, answer)
	return answer, err
}

func echo(t *testing.T, address string) {
	t.Helper()
	data := make([]byte, 2<<20)
	_, _ = rand.Read(data)
	suite.Eventually(t, "the server answers", suite.Soon, func() error {
		answer, err := talk(address, data)
		if err == nil && !bytes.Equal(answer, data) {
			t.Error("the answer differs")
		}
		return err
	})
}

// breakOff resets a connection while the server writes.
func breakOff(t *testing.T, address string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = connection.Write(make([]byte, 1<<20))
	_ = connection.(*net.TCPConn).SetLinger(0)
	_ = connection.Close()
}

// failTogether opens connections while others fail, and all of them share one connection to the pod.
func failTogether(t *testing.T, open, closed string) {
	t.Helper()
	for i := range 12 {
		for range i % 4 {
			go func() { _, _ = talk(open, make([]byte, 1<<20)) }()
		}
		for range i%3 + 1 {
			go func() { _, _ = talk(closed, []byte("x")) }()
		}
		echo(t, open)
	}
}

func usedPort(t *testing.T, kubeconfig, namespace string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := strings.TrimPrefix(listener.Addr().String(), "127.0.0.1:")
	_, stderr, code, err := product.RunRunai(t.Context(), kubeconfig, "port-forward", "serve", "-n", namespace, port+":8080")
	want := "runai: cannot listen on 127.0.0.1:" + port + ": another program uses this port\n"
	if err != nil || code != 1 || stderr != want {
		t.Errorf("%v, exit code %d: %s", err, code, stderr)
	}
}
