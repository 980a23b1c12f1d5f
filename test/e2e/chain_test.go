package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/saml"
)

// From a signed SAML assertion to the ranks of a job and the files that they write. The UID is one that a float in a
// token, 1.000001e+06, would change.
func TestAssertionToRank(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "chain", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	shared := sharedDir(t)
	bind(t, namespace, "shared", shared)
	user := loginBySAML(t, namespace, saml.Person{Name: "grace@example.com", Attributes: saml.Posix("1000001", "54001", "60001", "60002")})
	who, stderr, code := product.RunaiAs(t, user, "whoami", "-n", namespace)
	const me = "Jobs with --run-as-user run as uid=1000001(grace) gid=54001 groups=54001,60001,60002, home /home/grace (source Claims).\n"
	if !strings.Contains(who, me) || stderr != "" || code != 0 {
		t.Errorf("exit code %d: %s%s", code, who, stderr)
	}
	submit(t, user, "chain", "-n", namespace, "-i", images.OperatorLike, "--run-as-user", "--processes=2", "--interactive",
		"--pvc", "shared:/data",
		"--", "mpirun", "-np", "2", "sh", "-c",
		"touch /data/$(hostname) && echo rank=$OMPI_COMM_WORLD_RANK on=$(hostname) uid=$(id -u) gid=$(id -g) groups=$(id -G | tr ' ' ,)")
	var on []string
	for _, rank := range fields(output(t, namespace, "chain")) {
		on = append(on, rank["on"])
		want := map[string]string{"rank": rank["rank"], "on": rank["on"], "uid": "1000001", "gid": "54001", "groups": "54001,60001,60002"}
		if diff := cmp.Diff(want, rank); diff != "" {
			t.Errorf("a rank (-want +got):\n%s", diff)
		}
		info, err := os.Stat(filepath.Join(shared, rank["on"]))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 1000001 || owner.Gid != 54001 {
			t.Errorf("the file of %s belongs to %d:%d", rank["on"], owner.Uid, owner.Gid)
		}
	}
	slices.Sort(on)
	if diff := cmp.Diff([]string{"chain-worker-0", "chain-worker-1"}, on); diff != "" {
		t.Errorf("ranks on hosts (-want +got):\n%s", diff)
	}
}
