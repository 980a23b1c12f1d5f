package doctor

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// A defect is planted, and found by one check.
type defect struct {
	name  string
	check string
	plant func(t *testing.T)
}

// findEach plants one defect after the other.
func findEach(t *testing.T, defects []defect) {
	t.Helper()
	withProject(t)
	for _, defect := range defects {
		t.Run(defect.check+"/"+defect.name, func(t *testing.T) {
			defect.plant(t)
			report := finds(t, defect.check)
			for _, finding := range report.Findings {
				if finding.Fix == "" || finding.Means == "" || finding.Subject == "" {
					t.Errorf("incomplete: %+v", finding)
				}
			}
		})
	}
	finds(t)
}

// finds waits until exactly these checks find something: the API server applies a changed policy only a moment later.
func finds(t *testing.T, checks ...string) (report doctor.Report) {
	t.Helper()
	suite.Eventually(t, "only what was planted is found", suite.Soon, func() error {
		report = examine(t)
		return onlyFound(report, checks...)
	})
	for _, check := range checks {
		planted[check] = true
	}
	return report
}

// planted has the checks that found a defect.
var planted = map[string]bool{}

// onlyFound returns an error unless exactly these checks found something, once each, and all checks were done.
func onlyFound(report doctor.Report, checks ...string) error {
	var found []string
	for _, finding := range report.Findings {
		found = append(found, finding.Check)
	}
	if !slices.Equal(found, checks) {
		return fmt.Errorf("found %q, want %q: %+v", found, checks, report.Findings)
	}
	if len(report.NotChecked) > 0 {
		return fmt.Errorf("not checked: %+v", report.NotChecked)
	}
	return nil
}

// restore writes the fields of an object that a user can write.
func restore(object, before client.Object) {
	object.SetLabels(before.GetLabels())
	object.SetAnnotations(before.GetAnnotations())
	for _, field := range []string{"Spec", "Webhooks", "Data"} {
		if to := reflect.ValueOf(object).Elem().FieldByName(field); to.IsValid() {
			to.Set(reflect.ValueOf(before).Elem().FieldByName(field))
		}
	}
}
