package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"

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

// A list is what an administrator allows.
type list struct {
	values []string
	// unlisted returns what is wrong with another value, and what to use instead.
	unlisted func() string
}

// listOf returns a list of sharedStorage. Thousands of errors can share its text.
func listOf(in Input, key string, values ...[]string) list {
	all := slices.Concat(values...)
	return list{all, sync.OnceValue(func() string {
		return accepted(all, in.Project.Name) + "use a PersistentVolumeClaim, or ask your administrator to list it in sharedStorage." + key
	})}
}

func accepted(listed []string, project string) string {
	const most = 10
	switch more := len(listed) - most; {
	case len(listed) == 0:
		return "is not allowed in project " + project + ": "
	case more > 0:
		return fmt.Sprintf("must be exactly one of %s and %d more in project %s: otherwise ", strings.Join(listed[:most], ", "), more, project)
	}
	return fmt.Sprintf("must be exactly %s in project %s: otherwise ", suggest.OneOf(listed...), project)
}
