package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/pages"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const operationsPage = "operations.md"

// pprofPort is the port in the page.
const pprofPort = "6060"

// pasted returns a shell with kubectl that runs commands of a page as the administrator.
func pasted(t *testing.T, text string) *exec.Cmd {
	t.Helper()
	set, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	if err := os.Symlink(set[binaries.Kubectl], filepath.Join(programs, "kubectl")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-ec", text)
	cmd.Env = append(cmd.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "KUBECONFIG="+product.Kubeconfig())
	return cmd
}

func paste(t *testing.T, text string) (printed string) {
	t.Helper()
	output, err := pasted(t, text).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\nprints\n%s\n%s", text, output, err)
	}
	return string(output)
}

// The commands of the page turn the log up and down again, without a restart.
func TestTurnTheLogUp(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "logged", required)
	before := replicas(t)
	up, down, _ := strings.Cut(strings.TrimSpace(pages.Commands(t, operationsPage, "Turn the log up")[0].Text), "\n")
	paste(t, up)
	logged(t, before, 1, regexp.MustCompile(`level=INFO msg="log level changed" level=debug`))
	job := suite.Create(t, product.ClientOf(t, member(t, namespace)), makeIdleJob(namespace))
	suite.Eventually(t, "the log has the request", suite.Soon, func() error {
		return suite.Says(logsOf(t, before), "level=DEBUG", "name="+job.GenerateName, "saml:alice@example.com")
	})
	paste(t, down)
	logged(t, before, 1, regexp.MustCompile(`level=INFO msg="log level changed" level=info`))
	for _, pod := range replicas(t) {
		if !slices.ContainsFunc(before, func(b corev1.Pod) bool { return b.Name == pod.Name && restarts(b) == restarts(pod) }) {
			t.Errorf("%s was restarted", pod.Name)
		}
	}
}

// logged waits until the log of each replica has so many lines.
func logged(t *testing.T, pods []corev1.Pod, times int, line *regexp.Regexp) {
	t.Helper()
	for _, pod := range pods {
		suite.Eventually(t, fmt.Sprintf("%s logs %s", pod.Name, line), 3*time.Minute, func() error {
			if found := line.FindAllString(logsOf(t, []corev1.Pod{pod}), -1); len(found) != times {
				return fmt.Errorf("%d times", len(found))
			}
			return nil
		})
	}
}

func logsOf(t *testing.T, pods []corev1.Pod) string {
	t.Helper()
	var all strings.Builder
	for _, pod := range pods {
		all.WriteString(suite.Kubectl(t, product.User, "", "-n", chart.Namespace, "logs", pod.Name))
	}
	return all.String()
}

// The commands of the page read profiles of a replica, which its own port on loopback has.
func TestTakeAProfile(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	forward, profiles, _ := strings.Cut(pages.Commands(t, operationsPage, "Take a profile")[0].Text, "&\n")
	address := forwarded(t, strings.Replace(forward, " "+pprofPort, " :"+pprofPort, 1))
	profiles = strings.NewReplacer("localhost:"+pprofPort, address, "seconds=30", "seconds=1").Replace(profiles)
	for command := range strings.Lines(profiles) {
		if err := suite.Says(paste(t, command), "File: runai-webhook", "flat%"); err != nil {
			t.Error(err)
		}
	}
}

// forwarded runs kubectl port-forward until the test ends, and returns the local address.
func forwarded(t *testing.T, command string) (address string) {
	t.Helper()
	cmd := pasted(t, "exec "+command)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	first, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(first)
}

// The audit log has the verdicts of all webhooks, and the commands of the page find them.
func TestAskTheAuditLog(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "audited", required)
	user := member(t, namespace)
	startJob(t, user.Kubeconfig(), namespace, "admitted", "--command", "--", "sleep", "1000")
	refused := makeIdleJob(namespace)
	refused.Annotations["run.ai/gpus"] = "1"
	if err := suite.Refused(product.ClientOf(t, user).Create(t.Context(), refused), "run.ai/gpu"); err != nil {
		t.Fatal(err)
	}
	carol := login(t, namespace, carols)
	product.AddSession(t, namespace, "saml:carol@example.com")
	_, stderr, _ := product.RunaiAs(t, carol.Kubeconfig(), "exec", "admitted", "-n", namespace, "--pod", "0", "--", "id")
	if err := suite.Says(stderr, "you can only enter pods that run as you"); err != nil {
		t.Fatal(err)
	}
	commands := pages.Commands(t, operationsPage, "Ask the audit log")
	here := strings.NewReplacer("/var/log/kubernetes/audit.log", product.AuditLog(), "runai-team-a", namespace)
	for i, want := range [][]string{
		{"\tsaml:alice@example.com\t" + namespace + "\tannotations/"},
		{"admitted\t"},
		{"\tsaml:carol@example.com\t" + namespace + "\tadmitted-worker-0\n"},
	} {
		text := here.Replace(commands[i].Text)
		suite.Eventually(t, "the audit log has it", suite.Soon, func() error { return suite.Says(paste(t, text), want...) })
	}
}
