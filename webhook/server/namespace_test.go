package server

import (
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// The namespace of a job is that of the request, whatever the job itself says.
func TestNamespaceOfTheRequest(t *testing.T) {
	m := mutator()
	for _, written := range []string{"", "runai-other"} {
		raw := marshal(t, mpijobtest.MakeMPIJob("dist1", written).Annotation(annotations.RunAsUserKey, "true").Obj())
		final := string(applied(t, raw, m.Handle(t.Context(), byAlice(raw))))
		if !strings.Contains(final, "Host *.dist1."+namespace+".svc ") {
			t.Errorf("a job in namespace %q is configured for another one: %s", written, final)
		}
		if written != "" && !strings.Contains(final, `"namespace":"`+written+`"`) {
			t.Errorf("the namespace was changed: %s", final)
		}
	}
}
