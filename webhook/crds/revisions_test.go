package crds

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/golden"
)

const revisions = "testdata/revisions.txt"

// A CRD that changes has a new revision, so that a cluster knows which of two is newer. The file has the latest state of
// each revision: "make goldens" adds one.
func TestRevisions(t *testing.T) {
	recorded, err := os.ReadFile(revisions)
	if err != nil {
		t.Fatal(err)
	}
	text := string(recorded)
	for _, definition := range embedded() {
		spec, err := json.Marshal(definition.Spec)
		if err != nil {
			t.Fatal(err)
		}
		revision := revisionOf(definition)
		prefix := fmt.Sprintf("%s %d ", definition.Name, revision)
		line := fmt.Sprintf("%s%x\n", prefix, sha256.Sum256(spec))
		switch {
		case strings.Contains(text, line):
		case strings.Contains(text, prefix):
			t.Errorf("%s has changed: set its annotation %s to %d, in shared/api/v1alpha1", definition.Name, RevisionAnnotation, revision+1)
		case revision > 1 && !strings.Contains(text, fmt.Sprintf("%s %d ", definition.Name, revision-1)):
			t.Errorf("%s has revision %d, but there is no revision %d", definition.Name, revision, revision-1)
		default:
			text += line
		}
		if later := fmt.Sprintf("%s %d ", definition.Name, revision+1); strings.Contains(text, later) {
			t.Errorf("%s has revision %d, but there was %d", definition.Name, revision, revision+1)
		}
	}
	golden.Compare(t, revisions, text)
}
