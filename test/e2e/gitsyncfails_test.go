package e2e

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	inTime   = "git did not finish within 30 s" // gitSync.timeout of this suite
	gitSaid  = inTime + "; before that, git said: "
	tooSlow  = "Operation too slow"
	noAccess = "unable to access 'http"
)

// Whatever a git server does, a job that cannot be cloned fails within gitSync.timeout and 30 s, and describe says
// why, in git's words where git said something. All jobs wait at the same time.
func TestGitSyncFails(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "broken", v1alpha1.ProjectSpec{})
	afterLogin := product.AddProject(t, "after-login", v1alpha1.ProjectSpec{})
	code := newRepository(t)
	server := code.serveSSH(t, afterLogin, "ForceCommand=sleep 600")
	product.Create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "git-key", Namespace: namespace}, StringData: map[string]string{
		"ssh-privatekey": server.privateKey, "known_hosts": server.knownHost,
	}})
	silentDNS(t)
	overHTTP := func(handler http.HandlerFunc) string { return "http://" + listen(t, handler) + "/code.git" }
	withKey := func(address string) string { return "ssh://git@" + address + "/code.git,secret=git-key" }
	withSubmodule := newRepository(t, "http://"+serveTCP(t, silent)+"/lib.git")
	tests := []struct {
		name, source string
		why          []string
	}{
		{"no-branch", code.serveHTTP(t) + ",branch=absent,username=" + gitUser + ",password=@" + passwordFile(t),
			[]string{"couldn't find remote ref absent"}},
		{"denied", overHTTP(denies), []string{"Authentication failed for 'http://"}},
		{"silent", "http://" + serveTCP(t, silent) + "/code.git", []string{gitSaid + noAccess, tooSlow}},
		{"silent-tls", "https://" + serveTCP(t, silent) + "/code.git", []string{inTime}},
		{"silent-git", "git://" + serveTCP(t, silent) + "/code.git", []string{inTime}},
		{"silent-ssh", withKey(serveTCP(t, silent)), []string{gitSaid + "Connection to " + lab.HostAddress, "timed out"}},
		{"greets", withKey(serveTCP(t, greets)), []string{"Connection to " + lab.HostAddress, "timed out"}},
		{"after-login", server.url + ",secret=git-key", []string{inTime}},
		{"closes", "http://" + serveTCP(t, closes) + "/code.git", []string{noAccess}},
		{"headers", overHTTP(stallsAfterHeaders), []string{gitSaid + noAccess, tooSlow}},
		{"in-pack", overHTTP(code.inPack(stalls)), []string{gitSaid, tooSlow}},
		{"trickles", overHTTP(code.inPack(trickles)), []string{inTime}},
		{"redirects", overHTTP(redirects), []string{noAccess, "redirects followed"}},
		{"submodule", overHTTP(withSubmodule.backend().ServeHTTP), []string{inTime}},
		{"dns", "http://git.example.com/code.git", nil},
	}
	for _, test := range tests {
		submitBroken(t, namespace, test.name, test.source)
	}
	for _, test := range tests {
		if end := await(t, namespace, test.name); end != v2beta1.JobFailed {
			t.Errorf("%s ended as %s", test.name, end)
			continue
		}
		if took := timeToFail(t, namespace, test.name); took > 60*time.Second {
			t.Errorf("%s failed after %s, want at most 60 s", test.name, took)
		}
		stdout, _, _ := product.Runai(t, "describe", test.name, "-n", namespace)
		for _, why := range append(test.why, "\nFailed: the job did not start: ") {
			if !strings.Contains(stdout, why) || strings.Contains(stdout, "failCount") {
				t.Errorf("%s\ndoes not contain %s, or has a line of a log", stdout, why)
			}
		}
	}
}

// submitBroken submits a job whose repository no attempt can clone. The pods of the job "dns" ask a name server that
// never answers.
func submitBroken(t *testing.T, namespace, name, source string) {
	t.Helper()
	args := []string{"submit-mpi", name, "-n", namespace, "--image-pull-policy=never", "-i", images.OperatorLike,
		"--processes=1", "--interactive", "--git-sync", "source=" + source}
	if name != "dns" {
		if _, stderr, code := product.Runai(t, append(args, "--", "true")...); code != 0 {
			t.Fatal(stderr)
		}
		return
	}
	stdout, stderr, code := product.Runai(t, append(args, "--dry-run=client", "-o", "yaml", "--", "true")...)
	if code != 0 {
		t.Fatal(stderr)
	}
	job := &v2beta1.MPIJob{}
	if err := yaml.Unmarshal([]byte(stdout), job); err != nil {
		t.Fatal(err)
	}
	for _, replica := range job.Spec.MPIReplicaSpecs {
		replica.Template.Spec.DNSPolicy = corev1.DNSNone
		replica.Template.Spec.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{lab.HostAddress}}
	}
	product.Create(t, job)
}

// timeToFail returns how long a job took to fail after its launcher had begun to clone.
func timeToFail(t *testing.T, namespace, name string) time.Duration {
	t.Helper()
	var pods corev1.PodList
	if err := product.Client.List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{
		v2beta1.JobNameLabel: name, v2beta1.JobRoleLabel: "launcher",
	}); err != nil {
		t.Fatal(err)
	}
	conditions := product.Job(t, namespace, name).Status.Conditions
	failed := slices.IndexFunc(conditions, func(c v2beta1.JobCondition) bool { return c.Type == v2beta1.JobFailed })
	for _, pod := range pods.Items {
		for _, container := range pod.Status.InitContainerStatuses {
			if ended := container.State.Terminated; ended != nil && ended.ExitCode != 0 {
				return conditions[failed].LastTransitionTime.Sub(ended.StartedAt.Time)
			}
		}
	}
	t.Fatalf("no launcher of %s has an init container that failed", name)
	return 0
}

// A clone that fails for a moment does not fail the job.
func TestGitSyncIsTriedAgain(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "busy", v1alpha1.ProjectSpec{})
	code := newRepository(t)
	submit(t, "", "trainer", "-n", namespace, "-i", images.OperatorLike, "--processes=2", "--interactive",
		"--git-sync", "source=http://"+listen(t, code.failsAtFirst(4))+"/code.git",
		"--", "mpirun", "--allow-run-as-root", "-np", "2", "/code/train.sh")
	runsVersion(t, output(t, namespace, "trainer"), "trainer", "two", "0")
}

// A launcher that is started again does not hide why the attempt before it failed.
func TestGitSyncFailsBeforeTheJob(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "attempts", v1alpha1.ProjectSpec{})
	submit(t, "", "trainer", "-n", namespace, "-i", images.OperatorLike, "--processes=1",
		"--git-sync", "source=http://"+listen(t, http.HandlerFunc(denies))+"/code.git", "--", "true")
	suite.Eventually(t, "describe says why", time.Minute, func() error {
		stdout, _, _ := product.Runai(t, "describe", "trainer", "-n", namespace)
		if !strings.Contains(stdout, ": the job has not started: ") || !strings.Contains(stdout, "Authentication failed for 'http://") {
			return errors.New(stdout)
		}
		return nil
	})
}
