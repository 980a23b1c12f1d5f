package review

import (
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// validate returns every reason why the final job is not allowed to run or cannot run.
func validate(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion) field.ErrorList {
	errs := validateProject(job, in)
	errs = append(errs, mpijob.Validate(job)...)
	errs = append(errs, validateWorkers(job, in.Cluster)...)
	errs = append(errs, validatePodSecurity(job, in, enforced)...)
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, validateIntents(template)...)
		errs = append(errs, validateRestrictions(template, in)...)
	}
	return append(errs, validateRoles(job)...)
}

func validateProject(job *v2beta1.MPIJob, in policy.Input) field.ErrorList {
	if in.Intent.Project == "" || in.Intent.Project == in.Project.Name {
		return nil
	}
	namespace := strings.TrimSpace("namespace " + job.Namespace)
	return field.ErrorList{field.Invalid(annotations.Path(annotations.ProjectKey), in.Intent.Project,
		fmt.Sprintf("%s belongs to project %q, not %q: remove it, or use a namespace of %s",
			namespace, in.Project.Name, in.Intent.Project, in.Intent.Project))}
}
