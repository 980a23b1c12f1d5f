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

// validate returns every reason why the final job is not allowed to run or cannot run, and warnings about it. The
// parameter unrunnable has the reasons that [mpijob.Validate] found.
func validate(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion, unrunnable field.ErrorList) (errs field.ErrorList, warnings []string) {
	errs = append(validateProject(job, in).WithOrigin(StepProject), unrunnable.WithOrigin(StepRunnable)...)
	errs = append(errs, validateRoles(job).WithOrigin(StepRunnable)...)
	errs = append(errs, validateWorkers(job, in.Cluster).WithOrigin(StepWorkers)...)
	ofMounts, warnings := mpijob.CheckMounts(job)
	errs = append(errs, ofMounts.WithOrigin(StepRunnable)...)
	errs = append(errs, mpijob.ValidateUsers(job).WithOrigin(StepRunnable)...)
	errs = append(errs, mpijob.ValidateComputed(job).WithOrigin(StepRunnable)...)
	errs = append(errs, validatePodSecurity(job, in, enforced).WithOrigin(StepPodSecurity)...)
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, validateIntents(template).WithOrigin(StepAnnotations)...)
		errs = append(errs, validateRestrictions(template, in).WithOrigin(StepRestrictions)...)
	}
	return errs, warnings
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

// unrunnable returns the reasons why a job cannot run. If the author of the submitted job wrote something that is a
// reason to refuse it, what the policies changed is not reported.
func unrunnable(job, submitted *v2beta1.MPIJob, refused field.ErrorList) field.ErrorList {
	final := mpijob.Validate(job)
	if len(final) == 0 {
		return nil
	}
	written, answered := map[string]bool{}, map[string]bool{}
	for _, err := range mpijob.Validate(submitted) {
		written[err.Error()] = true
	}
	for _, err := range refused {
		answered[err.Field] = true
	}
	var authors field.ErrorList
	for _, err := range final {
		if written[err.Error()] && !answered[err.Field] {
			authors = append(authors, err)
		}
	}
	if len(refused) > 0 || len(authors) > 0 {
		return authors
	}
	return final
}
