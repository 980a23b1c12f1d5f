package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
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
			time.Sleep(time.Duration(n) * 100 * time.Millisecond)
			_, stderr, code := product.Runai(t, "submit-mpi", name, "-n", namespace, "-i", "example/train", "-g", "8",
				"--pvc", ":1Gi:/data")
			mutex.Lock()
			defer mutex.Unlock()
			if submitted[name] = code == 0; code != 0 {
				refused = append(refused, stderr)
			}
		})
	}
	time.Sleep(250 * time.Millisecond)
	webhook, err := os.FindProcess(product.Webhook.Pid())
	if err != nil {
		t.Fatal(err)
	}
	if err := webhook.Kill(); err != nil {
		t.Fatal(err)
	}
	people.Wait()
	_ = product.Webhook.Stop() // returns that it was killed
	if err := product.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
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
		want := "does not respond, and no job can be created without it: try again, or ask your administrator\n"
		if !strings.HasSuffix(stderr, want) {
			t.Errorf("got %s", stderr)
		}
	}
}
