package review

import (
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// A namespace can require an identity that its project does not require, but not the other way round, and is not
// warn-only then.
func TestProjectIn(t *testing.T) {
	for _, mode := range []v1alpha1.IdentityMode{"", v1alpha1.IdentityDisabled, v1alpha1.IdentityOptional, v1alpha1.IdentityRequired} {
		project := &v1alpha1.Project{Spec: v1alpha1.ProjectSpec{Identity: mode, WarnOnlyUntil: "2999-12-31"}}
		for label, want := range map[string]v1alpha1.IdentityMode{"Required": v1alpha1.IdentityRequired, "Optional": mode, "required": mode, "": mode} {
			labels := map[string]string{annotations.IdentityLabel: label}
			if got := ProjectIn(project, labels).Spec.Identity; got != want {
				t.Errorf("%s with the label %q: got %s, want %s", mode, label, got, want)
			}
			for _, until := range []string{"", "2999-12-30"} {
				if until != "" {
					labels[annotations.WarnOnlyUntilLabel] = until
				}
				if holds := WarnOnlyOf(project, "a", labels).Holds(time.Now()); holds == (label == "Required") {
					t.Errorf("with the label %q and %q: warn-only: %t", label, until, holds)
				}
			}
		}
		if project.Spec.Identity != mode {
			t.Error("the project in the cache was changed")
		}
	}
}
