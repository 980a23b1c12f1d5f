package policy

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// notYet refuses what this version cannot do: ignored, it would run a job as somebody else, or
// without its code.
func notYet(in Input) field.ErrorList {
	var errs field.ErrorList
	for _, intent := range []struct {
		key   string
		asked bool
	}{
		{annotations.RunAsUserKey, isTrue(in.Intent.RunAsUser)},
		{annotations.CreateHomeDirKey, isTrue(in.Intent.CreateHomeDir)},
		{annotations.GitSyncKey, in.Intent.GitSync != nil},
	} {
		if intent.asked {
			errs = append(errs, field.Forbidden(annotations.Path(intent.key), "this version of the webhook cannot do it yet: leave it out"))
		}
	}
	if in.Project.Spec.Identity == v1alpha1.IdentityRequired {
		errs = append(errs, field.Forbidden(annotations.Path(annotations.RunAsUserKey), "project "+in.Project.Name+
			" requires that jobs run as their user, which this version of the webhook cannot do yet: use another project, or ask your administrator"))
	}
	return errs
}

func isTrue(b *bool) bool { return b != nil && *b }
