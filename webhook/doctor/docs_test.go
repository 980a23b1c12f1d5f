package doctor

import (
	"os"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

// The examples on the page have the number of checks.
func TestCountInDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	skipped := Report{NotChecked: []NotChecked{{Check: "node-groups-policy"}}}
	for _, want := range []string{"; all " + strconv.Itoa(len(checks())) + " checks were done", "\n" + skipped.Summary() + "\n"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("docs/doctor.md has no %q", want)
		}
	}
}

// The page lists every check.
func TestDocs(t *testing.T) {
	page := docgen.Head("The checks of doctor",
		"Look up what a finding of [`runai-webhook doctor`](../doctor.md) is about, and what to do. The report itself has the command for each finding.",
		"the checks in `webhook/doctor/`")
	var rows [][]string
	for _, check := range checks() {
		rows = append(rows, []string{docgen.Code(check.name), check.about, check.remedy})
	}
	page += "\n" + docgen.Table([]string{"check", "finds", "what to do"}, rows)
	page += docgen.Text("\n## Permissions\n\nThe checks whose names begin with ^may-^ look for these. Permissions in namespaces matter only in those that the check is about.\n\n")
	rows = nil
	snapshot := &Snapshot{
		Policy: config.Default(), Release: &Deployment{Namespace: "runai-system", Name: "runai-mpi"},
		Namespaces: []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"runai/queue": "a", "run.ai/identity": "Required"}}}},
	}
	for _, each := range permissionChecksInOrder() {
		rows = append(rows, []string{docgen.Code(each.name), docgen.Text(list(each.permissions(snapshot)))})
	}
	page += docgen.Table([]string{"check", "permissions"}, rows)
	golden.Compare(t, "../../docs/reference/doctor.md", page)
}
