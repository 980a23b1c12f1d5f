package integration

import (
	"context"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// If the project in a namespace's label does not exist, no job is admitted, and runai gives up with an error.
func TestLabelWithoutProject(t *testing.T) {
	product.AddNamespace(t, "runai-orphan", map[string]string{"runai/queue": "orphan"})
	err := product.Client.Create(t.Context(), mpijobtest.MakeMPIJob("dist1", "runai-orphan").Obj())
	if !apierrors.IsServiceUnavailable(err) {
		t.Errorf("got %v", err)
	}
	_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-p", "orphan", "-i", "x", "--request-timeout=3s")
	why := "project \"orphan\" of namespace runai-orphan (label runai/queue) not found: try again; if it persists, ask your administrator\n"
	want := "trying again for up to 3 seconds: " + why + "runai: " + why
	if stderr != want || code != 1 {
		t.Errorf("exit code %d\ngot  %swant %s", code, stderr, want)
	}
	if left := product.Jobs(t, "runai-orphan"); len(left) > 0 {
		t.Errorf("%d jobs are left", len(left))
	}
}

// A project that is created while runai retries is found.
func TestNewProject(t *testing.T) {
	product.AddNamespace(t, "runai-new", map[string]string{"runai/queue": "new"})
	go func() {
		time.Sleep(time.Second)
		project := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "new"}, Spec: dgx}
		if err := product.Client.Create(context.WithoutCancel(t.Context()), project); err != nil {
			t.Error(err)
		}
	}()
	stdout, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-p", "new", "-i", "x", "-o", "yaml")
	if code != 0 || !strings.Contains(stdout, "- dgx") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
