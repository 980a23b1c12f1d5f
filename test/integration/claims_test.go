package integration

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func claimsIn(t *testing.T, namespace string) []string {
	t.Helper()
	var list corev1.PersistentVolumeClaimList
	if err := product.Client.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, claim := range list.Items {
		if claim.DeletionTimestamp != nil {
			continue // only its protection finalizer keeps it
		}
		names = append(names, fmt.Sprintf("%s %s %v", claim.Name, claim.Spec.Resources.Requests.Storage(), claim.Spec.AccessModes))
	}
	return names
}

func nothingIn(t *testing.T, namespace string) {
	t.Helper()
	if jobs, claims := product.Jobs(t, namespace), claimsIn(t, namespace); len(jobs) > 0 || len(claims) > 0 {
		t.Errorf("%d jobs and the claims %v are left", len(jobs), claims)
	}
}

func claimsAreGone(t *testing.T, namespace string) {
	t.Helper()
	suite.Eventually(t, "the claims are gone", suite.Soon, func() error {
		if claims := claimsIn(t, namespace); len(claims) > 0 {
			return fmt.Errorf("%v are left", claims)
		}
		return nil
	})
}

// limit adds a quota to a namespace, and waits until it is in force.
func limit(t *testing.T, namespace string, resourceName corev1.ResourceName, most string) {
	t.Helper()
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "limit", Namespace: namespace}}
	quota.Spec.Hard = corev1.ResourceList{resourceName: resource.MustParse(most)}
	product.Create(t, quota)
	suite.Eventually(t, "the quota is in force", suite.Soon, func() error {
		err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(quota), quota)
		if err == nil && len(quota.Status.Hard) == 0 {
			err = errors.New("the quota controller has not seen it yet")
		}
		return err
	})
}

// The pods mount the volumes that the flags name, and new claims outlive the job.
func TestVolumes(t *testing.T) {
	namespace := product.AddProject(t, "storage", v1alpha1.ProjectSpec{})
	createNamed(t, namespace)
	_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--pvc", ":3Gi:/new:ro", "--pvc", "mine:/old",
		"-v", "/raid:/raid:ro", "-v", "/public:/nfs::nfs.example.com")
	if code != 0 || stderr != "" {
		t.Fatal(stderr)
	}
	want := map[string]string{
		"/new": "claim pvc-dist1-0 ro", "/old": "claim mine", "/raid": "path /raid ro", "/nfs": "nfs nfs.example.com:/public",
	}
	for _, pod := range podsOf(t, product.Job(t, namespace, "dist1")).all() {
		got := map[string]string{}
		for _, mount := range pod.Spec.Containers[0].VolumeMounts {
			if text := origin(pod, mount); text != "" {
				got[mount.MountPath] = text
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pod.Name, diff)
		}
	}
	if err := product.Client.Delete(t.Context(), product.Job(t, namespace, "dist1"),
		client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the pods of the deleted job are gone", suite.Soon, func() error { return product.HasPods(t, namespace, 0) })
	if diff := cmp.Diff([]string{"mine 1Gi [ReadWriteMany]", "pvc-dist1-0 3Gi [ReadWriteMany]"}, claimsIn(t, namespace)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The same name again would mount the data of the first job.
	_, stderr, code = product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--pvc", ":1Gi:/new")
	wantError := "runai: --pvc: claim \"pvc-dist1-0\" already exists and may hold data; " +
		"mount it with --pvc pvc-dist1-0:PATH, or submit the job with another name\n"
	if stderr != wantError || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	if jobs := product.Jobs(t, namespace); len(jobs) > 0 {
		t.Errorf("%d jobs are left", len(jobs))
	}
}

func origin(pod corev1.Pod, mount corev1.VolumeMount) string {
	mode := ""
	if mount.ReadOnly {
		mode = " ro"
	}
	for _, volume := range pod.Spec.Volumes {
		switch {
		case volume.Name != mount.Name:
		case volume.PersistentVolumeClaim != nil:
			return "claim " + volume.PersistentVolumeClaim.ClaimName + mode
		case volume.HostPath != nil:
			return "path " + volume.HostPath.Path + mode
		case volume.NFS != nil:
			return "nfs " + volume.NFS.Server + ":" + volume.NFS.Path + mode
		}
	}
	return ""
}

// A generated name skips a number whose claims already exist.
func TestGeneratedNameSkipsClaims(t *testing.T) {
	namespace := product.AddProject(t, "skipped", v1alpha1.ProjectSpec{})
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "pvc-job-0-1", Namespace: namespace}}
	claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}
	claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	product.Create(t, claim)
	createNamed(t, namespace)
	stdout, stderr, _ := product.Runai(t, "submit-mpi", "-n", namespace, "-i", "x", "--pvc", "mine:/a", "--pvc", ":1Gi:/b", "-o", "name")
	if want := "mpijob.kubeflow.org/job-1\npersistentvolumeclaim/pvc-job-1-1\n"; stdout != want {
		t.Errorf("got %s%s", stdout, stderr)
	}
}

func TestClaimOverQuota(t *testing.T) {
	namespace := product.AddProject(t, "quota", v1alpha1.ProjectSpec{})
	limit(t, namespace, corev1.ResourceRequestsStorage, "2Gi")
	_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--pvc", ":1Gi:/a", "--pvc", ":5Gi:/b")
	if code != 1 || !strings.HasPrefix(stderr, "runai: cannot create claim \"pvc-dist1-1\" of --pvc: ") ||
		!strings.Contains(stderr, "exceeded quota") {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	claimsAreGone(t, namespace)
	nothingIn(t, namespace)
}

func TestClaimForbidden(t *testing.T) {
	namespace := product.AddProject(t, "forbidden", v1alpha1.ProjectSpec{})
	user := addSubmitter(t, "carol", namespace)
	_, stderr, code := product.RunaiAs(t, user, "submit-mpi", "dist1", "-n", namespace, "-i", "x", "--pvc", ":1Gi:/a")
	want := "runai: cannot create claim \"pvc-dist1-0\" of --pvc: " +
		"carol is not allowed to create persistentvolumeclaims in namespace runai-forbidden: " +
		"check the project, or ask your administrator for permission\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
	nothingIn(t, namespace)
}

// addSubmitter adds a user who may create and delete jobs, and nothing else.
func addSubmitter(t *testing.T, name, namespace string) (kubeconfig string) {
	t.Helper()
	user, err := product.AddUser(name)
	if err != nil {
		t.Fatal(err)
	}
	product.Permit(t, namespace, name, install.Verbs("kubeflow.org", []string{"mpijobs"}, "create", "delete"))
	return user.Kubeconfig()
}

// If the connection is cut at any creation, before or after the server handles it, the creation is tried again. If it is
// cut each time from then on, either the job and all its claims exist afterwards, or none of them.
func TestConnectionIsCut(t *testing.T) {
	namespace := product.AddProject(t, "cut", v1alpha1.ProjectSpec{})
	for cut := range 3 {
		for mode := range 4 {
			once, afterwards := mode < 2, mode%2 == 1
			name := fmt.Sprintf("cut-%d-%d", cut, mode)
			t.Run(name, func(t *testing.T) {
				creations := make(chan int, 1)
				creations <- 0
				kubeconfig := proxied(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
					n := -1
					if isCreation(r) {
						n = <-creations
						creations <- n + 1
					}
					if n < cut || once && n > cut {
						forward.ServeHTTP(w, r)
						return
					}
					if afterwards {
						forward.ServeHTTP(httptest.NewRecorder(), r)
					}
					panic(http.ErrAbortHandler)
				})
				_, stderr, code := product.RunaiAs(t, kubeconfig, "submit-mpi", name, "-n", namespace, "-i", "x", "--pvc", ":1Gi:/a",
					"--pvc", ":2Gi:/b", "--request-timeout=1s")
				if (code == 0) != (once || afterwards) {
					t.Errorf("exit code %d: %s", code, stderr)
				}
				jobs, claims := len(product.Jobs(t, namespace)), len(claimsIn(t, namespace))
				if code == 0 && (jobs != 1 || claims != 2) || code != 0 && jobs+claims != 0 {
					t.Errorf("exit code %d, with %d jobs and %d claims", code, jobs, claims)
				}
				clear := []client.DeleteAllOfOption{
					client.InNamespace(namespace), client.PropagationPolicy(metav1.DeletePropagationBackground),
				}
				for _, object := range []client.Object{&corev1.PersistentVolumeClaim{}, &v2beta1.MPIJob{}} {
					if err := product.Client.DeleteAllOf(t.Context(), object, clear...); err != nil {
						t.Fatal(err)
					}
				}
				claimsAreGone(t, namespace)
			})
		}
	}
}
