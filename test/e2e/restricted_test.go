package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// A job that runs as its user satisfies the restricted Pod Security Standard, without a warning about it.
func TestRestrictedNamespace(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "restricted", required)
	object := &corev1.Namespace{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Name: namespace}, object); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"enforce", "warn", "audit"} {
		object.Labels["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	if err := product.Client.Update(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	code := newRepository(t)
	_, stderr, exit := product.RunaiAs(t, alice(t, namespace), "submit-mpi", "confined", "-n", namespace, "--image-pull-policy=never",
		"-i", images.OpenMPI4, "--run-as-user", "--processes=2", "--slots-per-worker=2", "--interactive", "--large-shm=128Mi",
		"--git-sync", "source="+code.serveHTTP(t)+",username="+gitUser+",password=@"+passwordFile(t),
		"--", "mpirun", "-np", "4", "sh", "-c", whoAmI)
	want := "Warning: metadata.annotations[run.ai/git-sync]: the password is sent unencrypted over http: use https\n"
	if exit != 0 || stderr != want {
		t.Fatalf("exit code %d: %s", exit, stderr)
	}
	isAlice(t, fields(output(t, namespace, "confined")), "confined")
}
