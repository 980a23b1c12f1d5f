package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// passwordFile returns the path of a file with the repository's password, which only its owner can read.
func passwordFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(gitPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runsVersion asserts that one rank on each worker ran the script of a version, as a uid.
func runsVersion(t *testing.T, out, job, version, uid string) {
	t.Helper()
	ranks := fields(out)
	isOn(t, ranks, job, 1)
	for _, rank := range ranks {
		if diff := cmp.Diff([3]string{version, uid, version}, [3]string{rank["version"], rank["uid"], rank["log"]}); diff != "" {
			t.Errorf("version, uid and git log of a rank (-want +got):\n%s", diff)
		}
	}
}

// --git-sync works with a branch, tag, full SHA or default, over HTTP with a password and over SSH with a key,
// as root and as the user.
func TestGitSync(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "code", v1alpha1.ProjectSpec{})
	user, code := alice(t, namespace), newRepository(t)
	overHTTP := "source=" + code.serveHTTP(t) + ",username=" + gitUser + ",password=@" + passwordFile(t)
	server := code.serveSSH(t, namespace)
	overSSH := "source=" + server.url + ",secret=git-key"
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "git-key", Namespace: namespace}, StringData: map[string]string{
		"ssh-privatekey": server.privateKey, "known_hosts": server.knownHost,
	}}
	product.Create(t, secret)
	for _, test := range []struct{ name, from, version string }{
		{"http-head", overHTTP, "two"},
		{"http-branch", overHTTP + ",branch=topic", "topic"},
		{"http-tag", overHTTP + ",rev=v1", "one"},
		{"http-sha", overHTTP + ",rev=" + code.first, "one"},
		{"ssh-branch", overSSH + ",branch=topic", "topic"},
		{"ssh-sha", overSSH + ",rev=" + code.first, "one"},
	} {
		for uid, args := range map[string][]string{"0": {"-i", images.OperatorLike}, "1234567": {"-i", images.OpenMPI4, "--run-as-user"}} {
			t.Run(test.name+"-"+uid, func(t *testing.T) {
				t.Parallel()
				name := "job-" + test.name + "-" + uid
				submission := []string{"submit-mpi", name, "--image-pull-policy=never", "-n", namespace,
					"--processes=2", "--interactive", "--git-sync", test.from + ",target=/src/code"}
				command := []string{"--", "mpirun", "--allow-run-as-root", "-np", "2", "/src/code/train.sh"}
				_, stderr, code := product.RunaiAs(t, user, slices.Concat(submission, args, command)...)
				if code != 0 || strings.Contains(stderr, gitPassword) {
					t.Fatal(stderr)
				}
				runsVersion(t, output(t, namespace, name), name, test.version, uid)
			})
		}
	}
}

// The password is only in the job's Secret, not in another object, a log or the process list, and is
// deleted with the job.
func TestGitPasswordStaysInItsSecret(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "secret", required)
	user, code := alice(t, namespace), newRepository(t)
	seen := watchProcesses(t, gitPassword)
	stdout, stderr, exit := product.RunaiAs(t, user, "submit-mpi", "trainer", "-n", namespace, "--image-pull-policy=never",
		"-i", images.OpenMPI4, "--run-as-user", "--processes=2", "--interactive", "--loglevel=debug", "-o", "yaml",
		"--git-sync", "source="+code.serveHTTP(t)+",username="+gitUser+",password=@"+passwordFile(t),
		"--", "mpirun", "-np", "2", "/code/train.sh")
	if exit != 0 {
		t.Fatal(stderr)
	}
	runsVersion(t, output(t, namespace, "trainer"), "trainer", "two", "1234567")
	if where := seen(); where != "" {
		t.Errorf("the password is in the process list: %s", where)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(gitPassword))
	objects := suite.Kubectl(t, product.User, "", "get", "mpijobs,pods,jobs,configmaps,events,services", "-n", namespace, "-o", "yaml")
	for what, text := range map[string]string{"an object": objects, "the output": stdout + stderr, "a log": logs(t)} {
		if strings.Contains(text, gitPassword) || strings.Contains(text, encoded) {
			t.Errorf("the password is in %s", what)
		}
	}
	if _, stderr, exit := product.RunaiAs(t, user, "delete", "trainer", "-n", namespace); exit != 0 {
		t.Fatal(stderr)
	}
	credential := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "trainer-git-sync"}}
	suite.Eventually(t, "the Secret is deleted with the job", time.Minute, func() error { return product.HasNo(t, credential) })
}

// logs returns the logs of all servers in the lab.
func logs(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	paths, err := filepath.Glob(filepath.Join(product.Dir, "logs", "*.log"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

// watchProcesses searches for a text in the command lines and environments of all processes on this machine,
// including those in pods, until seen is called.
func watchProcesses(t *testing.T, text string) (seen func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	found := make(chan string, 1)
	go func() {
		where := ""
		for ctx.Err() == nil {
			paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range paths {
				environment := filepath.Join(filepath.Dir(path), "environ")
				for _, file := range []string{path, environment} {
					if data, err := os.ReadFile(file); err == nil && bytes.Contains(data, []byte(text)) {
						where = file
					}
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
		found <- where
	}()
	return func() string { cancel(); return <-found }
}

// Whenever runai is killed, it leaves no Secret without an owner.
func TestKilledWithCredential(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "killed", v1alpha1.ProjectSpec{})
	password := passwordFile(t)
	for n := range 20 {
		cmd := exec.Command(product.Programs.Runai, "submit-mpi", fmt.Sprintf("job-%d", n), "-n", namespace,
			"-i", "example/train", "-g", "8", "--git-sync", "source=https://git.example.com/code,username="+gitUser+",password=@"+password)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+product.Kubeconfig())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(n) * 10 * time.Millisecond)
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	}
	if _, stderr, code := product.Runai(t, "delete", "--all", "--yes", "-n", namespace); code != 0 {
		t.Fatal(stderr)
	}
	suite.Eventually(t, "no Secret with a credential is left", time.Minute, func() error {
		var secrets corev1.SecretList
		if err := product.Client.List(t.Context(), &secrets, client.InNamespace(namespace)); err != nil {
			return err
		}
		for _, secret := range secrets.Items {
			if strings.HasSuffix(secret.Name, "-git-sync") {
				return fmt.Errorf("a Secret is left: %s", secret.Name)
			}
		}
		return nil
	})
}
