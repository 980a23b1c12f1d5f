package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/kueue"
)

// auditPolicy records who created or changed a job or entered a pod, with the response, and what the chart's pods ask
// for. Everything would be hundreds of megabytes.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch]
  resources: [{group: kubeflow.org, resources: [mpijobs, mpijobs/*]}, {group: "", resources: [pods/exec]}]
- level: Metadata
  userGroups: ["system:serviceaccounts:` + chart.Namespace + `"]
`

// A change is an event in the audit log.
type change struct {
	Verb             string
	ImpersonatedUser struct{ Username string }
	ObjectRef        struct{ Resource, Namespace, Name string }
	ResponseStatus   metav1.Status
}

// changesBy returns a user's changes of a job, including those that were refused.
func changesBy(t *testing.T, user, namespace, name string) []change {
	t.Helper()
	text, err := os.ReadFile(product.AuditLog())
	if err != nil {
		t.Fatal(err)
	}
	var all []change
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		var c change
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		isChange := c.ObjectRef.Resource == "mpijobs" && (c.Verb == "update" || c.Verb == "patch")
		if isChange && c.ImpersonatedUser.Username == user && c.ObjectRef.Namespace == namespace && c.ObjectRef.Name == name {
			all = append(all, c)
		}
	}
	return all
}

// wasNeverRefused asserts that Kueue was never refused, and changed the job three times: twice to start it and
// once to stop it. A conflict does not count as a refusal.
func (q *queues) wasNeverRefused(t *testing.T, name string) {
	t.Helper()
	changed := 0
	for _, c := range changesBy(t, kueue.User, q.Namespace, name) {
		switch code := c.ResponseStatus.Code; {
		case code == http.StatusOK:
			changed++
		case code != http.StatusConflict:
			t.Errorf("Kueue was refused: %+v", c)
		}
	}
	if changed != 3 {
		t.Errorf("Kueue changed the job %d times, want 3", changed)
	}
	log, err := os.ReadFile(q.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	noRefusal(t, "Kueue's log", strings.Split(string(log), "\n")...)
	var events corev1.EventList
	if err := product.Client.List(t.Context(), &events, client.InNamespace(q.Namespace)); err != nil {
		t.Fatal(err)
	}
	for _, event := range events.Items {
		noRefusal(t, "an event of "+event.InvolvedObject.Name, event.Message)
	}
}

func noRefusal(t *testing.T, where string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if strings.Contains(line, "cannot be changed after submission") || strings.Contains(line, "denied the request") {
			t.Errorf("%s: %s", where, line)
		}
	}
}
