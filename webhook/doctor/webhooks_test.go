package doctor

import (
	"strings"
	"testing"

	installation "github.com/runai-mpi/runai-mpi/webhook/check"
)

// The command for a webhook that does not answer is about its pods, and otherwise about its certificate.
func TestFixOfCertificates(t *testing.T) {
	findings := certificates(&Snapshot{Calls: []installation.Result{{Problem: "cannot reach it", Unreached: true}, {Problem: "its certificate is not valid"}}})
	for i, want := range []string{"kubectl get pods -n runai-system ", "kubectl describe certificate -n runai-system"} {
		if len(findings) != 2 || !strings.HasPrefix(findings[i].Fix, want) {
			t.Fatalf("got %+v, want %q", findings, want)
		}
	}
}
