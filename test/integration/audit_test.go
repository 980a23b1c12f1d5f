package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// creationOf returns the annotations of the creation of a job in the audit log of the API server.
func creationOf(t *testing.T, namespace, name string) (found map[string]string) {
	t.Helper()
	suite.Eventually(t, "the creation is in the audit log", suite.Soon, func() error {
		text, err := os.ReadFile(product.AuditLog())
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, `"`+namespace+`"`) || !strings.HasSuffix(line, "\n") {
				continue
			}
			var event struct {
				Verb        string
				ObjectRef   struct{ Resource, Namespace, Name string }
				Annotations map[string]string
			}
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				return err
			}
			if event.Verb == "create" && event.ObjectRef.Resource == "mpijobs" && event.ObjectRef.Name == name {
				found = event.Annotations
				return nil
			}
		}
		return fmt.Errorf("%s is not in it", name)
	})
	return found
}

// The audit log says what each webhook decided, by which replica, and why a job was refused, without texts of its user.
func TestDecisionsAreInTheAuditLog(t *testing.T) {
	namespace := product.AddProject(t, "audited", v1alpha1.ProjectSpec{})
	product.Create(t, mpijobtest.MakeMPIJob("admitted", namespace).Annotation(annotations.LargeShmKey, "8Gi").Obj())
	refused := mpijobtest.MakeMPIJob("refused", namespace).
		Annotation(annotations.LargeShmKey, "hunter2").Annotation(annotations.ProjectKey, "b").Obj()
	if err := product.Client.Create(t.Context(), refused); err == nil {
		t.Fatal("the job was admitted")
	}
	mutating, validating := "mpijobs.admission.run.ai/", "mpijobs.validation.run.ai/"
	audit := creationOf(t, namespace, "admitted")
	for key, want := range map[string]string{
		mutating + "outcome": "changed", validating + "outcome": "admitted", mutating + "applied-policies": "large-shm",
	} {
		if !strings.Contains(audit[key], want) {
			t.Errorf("%s is %q", key, audit[key])
		}
	}
	for _, webhook := range []string{mutating, validating} {
		if audit[webhook+"version"] == "" || len(audit[webhook+"cluster-policy"]) != 12 {
			t.Errorf("no replica in %v", audit)
		}
	}
	audit = creationOf(t, namespace, "refused")
	if audit[mutating+"outcome"] != "refused" || audit[mutating+"reasons"] != "annotations/Invalid project/Invalid" {
		t.Errorf("got %v", audit)
	}
	for key, value := range audit {
		if strings.Contains(value, "hunter2") {
			t.Errorf("%s has a text of the user: %s", key, value)
		}
	}
}
