package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// If the webhook is killed during submissions, each submitted job was admitted, the others leave nothing, and
// the error says what to do.
func TestWebhookIsKilled(t *testing.T) {
	namespace := addProject(t, "outage", v1alpha1.ProjectSpec{})
	var mutex sync.Mutex
	submitted, refused := map[string]bool{}, []string{}
	var people sync.WaitGroup
	for n := range 8 {
		people.Go(func() {
			name := fmt.Sprintf("job-%d", n)
			time.Sleep(time.Duration(n) * 500 * time.Millisecond)
			_, stderr, code := product.Runai(t, "submit-mpi", name, "-n", namespace, "-i", "example/train", "-g", "8",
				"--pvc", ":1Gi:/data")
			mutex.Lock()
			defer mutex.Unlock()
			if submitted[name] = code == 0; code != 0 {
				refused = append(refused, stderr)
			}
		})
	}
	defer scaleWebhook(t, 2)
	scaleWebhook(t, 0)
	suite.Kubectl(t, product.User, "", "delete", "pods", "--all", "--namespace", chart.Namespace, "--grace-period=0", "--force")
	people.Wait()
	var jobs v2beta1.MPIJobList
	if err := product.Client.List(t.Context(), &jobs, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs.Items {
		if !submitted[job.Name] || job.Annotations[annotations.AppliedPoliciesKey] == "" {
			t.Errorf("%s exists, submitted: %t, applied policies: %q", job.Name, submitted[job.Name],
				job.Annotations[annotations.AppliedPoliciesKey])
		}
		delete(submitted, job.Name)
	}
	for name, done := range submitted {
		if done {
			t.Errorf("%s was submitted, but does not exist", name)
		}
	}
	if len(refused) == 0 {
		t.Error("the webhook was killed, but no submission failed")
	}
	for _, stderr := range refused {
		if !strings.HasSuffix(stderr, noAnswerHere) {
			t.Errorf("got %s", stderr)
		}
	}
}

// scaleWebhook changes the number of the webhook's replicas, and waits until they are ready.
func scaleWebhook(t *testing.T, replicas int) {
	t.Helper()
	deployment := "deployment/" + chart.Release
	suite.Kubectl(t, product.User, "", "scale", deployment, "--namespace", chart.Namespace, fmt.Sprintf("--replicas=%d", replicas))
	if replicas > 0 {
		suite.Kubectl(t, product.User, "", "rollout", "status", deployment, "--namespace", chart.Namespace, "--timeout=2m")
	}
}
