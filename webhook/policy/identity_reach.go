package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// reaches returns an error for everything by which a job with the right ids could still reach what belongs to
// somebody else. It applies where the project requires identities: in other projects, ids are a convenience.
func reaches(job *v2beta1.MPIJob, in Input) field.ErrorList {
	if in.Project.Spec.Identity != v1alpha1.IdentityRequired {
		return nil
	}
	errs := othersIntentSecret(job, in)
	for _, template := range mpijob.Templates(job) {
		errs = slices.Concat(errs, unlistedVolumes(template, in), unlistedSubPaths(template, in), othersSecrets(job, template), unlistedAnnotations(template, in))
	}
	return errs
}

// unlisted returns what is wrong with a value that an administrator has not listed, and what to use instead.
func unlisted(listed []string, in Input, key string) string {
	const most = 10
	var accepted string
	switch more := len(listed) - most; {
	case len(listed) == 0:
		accepted = "is not allowed in project " + in.Project.Name + ": "
	case more > 0:
		accepted = fmt.Sprintf("must be exactly one of %s and %d more in project %s: otherwise ", strings.Join(listed[:most], ", "), more, in.Project.Name)
	default:
		accepted = fmt.Sprintf("must be exactly %s in project %s: otherwise ", suggest.OneOf(listed...), in.Project.Name)
	}
	return accepted + "use a PersistentVolumeClaim, or ask your administrator to list it in " + key
}
