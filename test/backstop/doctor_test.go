package backstop

import (
	"fmt"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
	"github.com/runai-mpi/runai-mpi/webhook/doctor/cluster"
)

// doctorSays waits until doctor says in which form the cluster has the backstop, and finds nothing missing if it has one.
func doctorSays(t *testing.T, form string) {
	t.Helper()
	suite.Eventually(t, "the backstop is seen as "+form, suite.Soon, func() error {
		snapshot, err := cluster.Read(t.Context(), product.Config, cluster.Options{Backstop: cluster.BackstopAuto, Outside: true})
		if err != nil {
			return err
		}
		report := doctor.Examine(snapshot)
		missing := false
		for _, finding := range report.Findings {
			missing = missing || finding.Check == "backstop"
		}
		if report.Backstop != form || missing != (form == "none") {
			return fmt.Errorf("the form is %q, and missing: %v", report.Backstop, missing)
		}
		return nil
	})
}
