package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	gitUser     = "robot"
	gitPassword = "correct-horse,battery=staple"
)

// train is the script in the repository. It prints its own version, and that of the commit according to git.
const train = `#!/bin/sh
echo rank=$OMPI_COMM_WORLD_RANK on=$(hostname) version=VERSION uid=$(id -u) log=$(git -C /run/git-sync/current log --format=%s -1)
`

// A repository has two commits on main, the first of them tagged, a branch, and perhaps a submodule.
type repository struct {
	dir   string // bare
	first string // the SHA of the first commit
}

func newRepository(t *testing.T, submodules ...string) repository {
	t.Helper()
	work, bare := t.TempDir(), filepath.Join(t.TempDir(), "code.git")
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", work, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	commit := func(version string) {
		if err := os.WriteFile(filepath.Join(work, "train.sh"), []byte(strings.Replace(train, "VERSION", version, 1)), 0o755); err != nil {
			t.Fatal(err)
		}
		git("add", ".")
		git("commit", "--quiet", "-m", version)
	}
	git("init", "--quiet", "-b", "main")
	commit("one")
	git("tag", "v1")
	first := git("rev-parse", "HEAD")
	git("checkout", "--quiet", "-b", "topic")
	commit("topic")
	git("checkout", "--quiet", "main")
	for _, url := range submodules {
		if err := os.Mkdir(filepath.Join(work, "lib"), 0o755); err != nil {
			t.Fatal(err)
		}
		git("config", "--file", filepath.Join(work, ".gitmodules"), "submodule.lib.path", "lib")
		git("config", "--file", filepath.Join(work, ".gitmodules"), "submodule.lib.url", url)
		git("update-index", "--add", "--cacheinfo", "160000,"+first+",lib")
	}
	commit("two")
	git("clone", "--quiet", "--bare", work, bare)
	git("-C", bare, "config", "uploadpack.allowAnySHA1InWant", "true")
	return repository{bare, first}
}

// backend serves the repository over HTTP to everybody.
func (r repository) backend() http.Handler {
	return &cgi.Handler{
		Path: "/usr/lib/git-core/git-http-backend",
		Env: []string{
			"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		},
	}
}

// serveHTTP serves the repository over plain HTTP, with a password, and returns its URL.
func (r repository) serveHTTP(t *testing.T) string {
	t.Helper()
	return "http://" + listen(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if user, password, _ := request.BasicAuth(); user != gitUser || password != gitPassword {
			denies(w, request)
			return
		}
		r.backend().ServeHTTP(w, request)
	})) + "/code.git"
}

// listen serves on a free port of the lab's address, and returns both.
func listen(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", lab.HostAddress+":0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }() // until it is closed
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// An sshServer is a pod with an sshd that accepts one key.
type sshServer struct {
	url                   string
	privateKey, knownHost string
}

// serveSSH runs a git server in a pod in the namespace, with the repository on the node and options for sshd.
func (r repository) serveSSH(t *testing.T, namespace string, options ...string) sshServer {
	t.Helper()
	key, hostKey := newKey(t), newKey(t)
	keys := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "git-server", Namespace: namespace}, StringData: map[string]string{
		"authorized_keys": key.public, "host_key": hostKey.private,
	}}
	private := int32(0o600)
	var forSSHD []string
	for _, option := range options {
		forSSHD = append(forSSHD, "-o", option)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "git-server", Namespace: namespace}}
	pod.Spec.Containers = []corev1.Container{{
		Name: "sshd", Image: images.OpenMPI4, ImagePullPolicy: corev1.PullNever,
		Command: []string{"sh", "-c", "mkdir -p /run/sshd && git config --system safe.directory '*' && " +
			"exec /usr/sbin/sshd -De -p 2022 -h /keys/host_key -o AuthorizedKeysFile=/keys/authorized_keys -o StrictModes=no " +
			"\"$@\"", "sshd"},
		Args:         forSSHD,
		VolumeMounts: []corev1.VolumeMount{{Name: "keys", MountPath: "/keys"}, {Name: "code", MountPath: "/srv"}},
	}}
	pod.Spec.Volumes = []corev1.Volume{
		{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: keys.Name, DefaultMode: &private}}},
		{Name: "code", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: filepath.Dir(r.dir)}}},
	}
	product.Create(t, keys, pod)
	suite.Eventually(t, "the git server runs", time.Minute, func() error {
		err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(pod), pod)
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("it is %s: %v", pod.Status.Phase, pod.Status.ContainerStatuses)
		}
		return err
	})
	address := "[" + pod.Status.PodIP + "]:2022"
	return sshServer{"ssh://root@" + pod.Status.PodIP + ":2022/srv/code.git", key.private, address + " " + hostKey.public}
}

type key struct{ private, public string }

func newKey(t *testing.T) key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %s", out)
	}
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return key{read(path), read(path + ".pub")}
}
