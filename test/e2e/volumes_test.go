package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// --large-shm mounts memory at /dev/shm, larger than the default of 64 MiB or of the requested size.
func TestLargeShm(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "shm", v1alpha1.ProjectSpec{})
	const show = "echo rank=$OMPI_COMM_WORLD_RANK on=$(hostname) type=$(stat -f -c %T /dev/shm) " +
		"kib=$(df -k --output=size /dev/shm | tail -n 1 | tr -d ' ')"
	for name, test := range map[string]struct {
		flag string
		fits func(kib int) bool
	}{
		"unbounded": {"--large-shm", func(kib int) bool { return kib > 64<<10 }},
		"bounded":   {"--large-shm=256Mi", func(kib int) bool { return kib == 256<<10 }},
	} {
		submit(t, "", name, "-n", namespace, "-i", images.OperatorLike, test.flag, "--processes=2", "--interactive",
			"--", "mpirun", "--allow-run-as-root", "-np", "2", "sh", "-c", show)
		ranks := fields(output(t, namespace, name))
		isOn(t, ranks, name, 1)
		for _, rank := range ranks {
			if kib, err := strconv.Atoi(rank["kib"]); rank["type"] != "tmpfs" || err != nil || !test.fits(kib) {
				t.Errorf("%s: %v", name, rank)
			}
		}
	}
}

// Ranks can write to a claim and a host path, but not to a read-only claim, and their files belong to the user.
func TestVolumes(t *testing.T) {
	t.Parallel()
	namespace := addProject(t, "volumes", v1alpha1.ProjectSpec{})
	shared, readOnly, host := sharedDir(t), sharedDir(t), sharedDir(t)
	bind(t, namespace, "shared", shared)
	bind(t, namespace, "reference", readOnly)
	const write = "echo rank=$OMPI_COMM_WORLD_RANK on=$(hostname) && " +
		"touch /data/$(hostname) /host/$(hostname) && ! touch /reference/x 2>/dev/null"
	submit(t, alice(t, namespace), "writer", "-n", namespace, "-i", images.OpenMPI4, "--run-as-user", "--processes=2", "--interactive",
		"--pvc", "shared:/data", "--pvc", "reference:/reference:ro", "-v", host+":/host",
		"--", "mpirun", "-np", "2", "sh", "-c", write)
	isOn(t, fields(output(t, namespace, "writer")), "writer", 1)
	for _, dir := range []string{shared, host} {
		for _, worker := range []string{"writer-worker-0", "writer-worker-1"} {
			info, err := os.Stat(filepath.Join(dir, worker))
			if err != nil {
				t.Fatal(err)
			}
			if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 1234567 || owner.Gid != 54000 {
				t.Errorf("%s belongs to %d:%d", worker, owner.Uid, owner.Gid)
			}
		}
	}
}

// sharedDir returns a folder on this machine that everybody may write to, and that the node sees, too.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for path := dir; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// bind creates a volume and a claim for a folder.
func bind(t *testing.T, namespace, name, dir string) {
	t.Helper()
	many, noClass := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}, ""
	capacity := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + name}}
	volume.Spec = corev1.PersistentVolumeSpec{
		AccessModes: many, Capacity: capacity,
		PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: dir}},
		ClaimRef:               &corev1.ObjectReference{Namespace: namespace, Name: name},
	}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	claim.Spec = corev1.PersistentVolumeClaimSpec{
		AccessModes: many, Resources: corev1.VolumeResourceRequirements{Requests: capacity},
		VolumeName: volume.Name, StorageClassName: &noClass,
	}
	for _, object := range []client.Object{volume, claim} {
		product.Create(t, object)
	}
}
