package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var required = v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired}

// reader is a job of alice's whose launcher runs a command with a volume at /reach. It asks for her identity, so
// that only what the project requires differs.
func reader(namespace, name, command string, source corev1.VolumeSource, subPath string) *v2beta1.MPIJob {
	return mpijobtest.MakeMPIJob(name, namespace).Annotation("run.ai/run-as-user", "true").Both(func(template *corev1.PodTemplateSpec) {
		main := &template.Spec.Containers[0]
		main.Image, main.ImagePullPolicy = images.OpenMPI4, corev1.PullNever
		if len(main.Args) > 0 { // the launcher
			main.Command, main.Args = []string{"sh", "-c", "echo rank=0 $(" + command + ")"}, nil
			main.VolumeMounts = []corev1.VolumeMount{{Name: "reach", MountPath: "/reach", SubPath: subPath}}
			template.Spec.Volumes = []corev1.Volume{{Name: "reach", VolumeSource: source}}
		}
	}).Obj()
}

func hostPath(path string) corev1.VolumeSource {
	return corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}
}

// reads runs alice's job, and returns the words that it prints.
func reads(t *testing.T, job *v2beta1.MPIJob) map[string]string {
	t.Helper()
	suite.Create(t, product.ClientOf(t, login(t, job.Namespace, claims)), job)
	printed := fields(output(t, job.Namespace, job.Name))
	if len(printed) != 1 {
		t.Fatalf("%s prints %v", job.Name, printed)
	}
	return printed[0]
}

// isRefused asserts that alice's job is refused for this reason.
func isRefused(t *testing.T, job *v2beta1.MPIJob, reason string) {
	t.Helper()
	answer := product.ClientOf(t, login(t, job.Namespace, claims)).Create(t.Context(), job)
	if err := suite.Refused(answer, reason); err != nil {
		t.Errorf("%s: %s", job.Name, err)
	}
}

// T28: a job finds the key of another project's job in the node's file system, and logs in as its user.
func TestT28HostPath(t *testing.T) {
	t.Parallel()
	theirs, strict := addProject(t, "victims", required), addProject(t, "strict", required)
	loose := addProject(t, "loose", v1alpha1.ProjectSpec{})
	submit(t, login(t, theirs, bobs).Kubeconfig(), "victim", "-n", theirs, "-i", images.OpenMPI4, "--processes=1", "--", "sleep", "600")
	var worker corev1.Pod
	suite.Eventually(t, "bob's worker is ready", 2*time.Minute, func() error {
		for _, pod := range product.Pods(t, theirs) {
			if strings.Contains(pod.Name, "worker") && len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].Ready {
				worker = pod
				return nil
			}
		}
		return errors.New("it is not")
	})
	find := fmt.Sprintf("grep -o ' [^ ]*%s[^ ]*ssh-auth ' /reach/1/mountinfo | sed 's/ */found=/'", worker.UID)
	path := reads(t, reader(loose, "find", find, hostPath("/proc"), ""))["found"]
	if path == "" {
		t.Fatal("the node does not show where the key is")
	}
	steal := "cp /reach/id_rsa /tmp/key && chmod 600 /tmp/key && " +
		"ssh -i /tmp/key -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR bob@" + worker.Status.PodIP +
		" 'echo uid=$(id -u)'"
	if got := reads(t, reader(loose, "steal", steal, hostPath(path), ""))["uid"]; got != "1001" {
		t.Errorf("in a project without the rule, the thief has uid %q", got)
	}
	isRefused(t, reader(strict, "find", find, hostPath("/proc"), ""), "hostPath.path")
	isRefused(t, reader(strict, "steal", steal, hostPath(path), ""), "hostPath.path")
}

// T29: a job reads what is below a colleague's 0700 home, by a host path and by a subPath of a claim, but not
// through the claim itself. An NFS path is mounted in the same way; the lab has no NFS server.
func TestT29SubPath(t *testing.T) {
	t.Parallel()
	loose, strict := addProject(t, "loose-home", v1alpha1.ProjectSpec{}), addProject(t, "strict-home", required)
	shared := sharedDir(t)
	project := filepath.Join(shared, "bob", "project")
	if err := os.MkdirAll(project, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(project, "paper"), []byte("bobs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chown(filepath.Dir(project), 1001, 1001), os.Chmod(filepath.Dir(project), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{loose, strict} {
		bind(t, namespace, "team", shared)
	}
	claim := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "team"}}
	const read, climb = "echo read=$(cat /reach/paper)", "echo read=$(cat /reach/bob/project/paper 2>/dev/null) tried=yes"
	for name, job := range map[string]*v2beta1.MPIJob{
		"a subPath":   reader(loose, "subpath", read, claim, "bob/project"),
		"a host path": reader(loose, "hostpath", read, hostPath(project), ""),
	} {
		if got := reads(t, job)["read"]; got != "bobs" {
			t.Errorf("in a project without the rule, %s reads %q", name, got)
		}
	}
	isRefused(t, reader(strict, "subpath", read, claim, "bob/project"), "subPath")
	isRefused(t, reader(strict, "hostpath", read, hostPath(project), ""), "hostPath.path")
	if got := reads(t, reader(strict, "claim", climb, claim, "")); got["read"] != "" || got["tried"] != "yes" {
		t.Errorf("the claim shows %v", got)
	}
}
