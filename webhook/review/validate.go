package review

import (
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// validate returns every reason why the final job is not allowed to run or cannot run.
func validate(job *v2beta1.MPIJob, in policy.Input, enforced api.LevelVersion) field.ErrorList {
	errs := validateProject(job, in)
	errs = append(errs, mpijob.Validate(job)...)
	errs = append(errs, validateWorkers(job, in.Cluster)...)
	errs = append(errs, validatePodSecurity(job, in, enforced)...)
	restrictions := in.Cluster.Restrictions.Stricter(in.Project.Spec.Restrictions)
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, validateRestrictions(template, restrictions, in.Project.Name)...)
	}
	return errs
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

func validateRestrictions(template mpijob.Template, restrictions v1alpha1.Restrictions, project string) field.ErrorList {
	var errs field.ErrorList
	denied := func(path *field.Path, alternative, restriction string) {
		errs = append(errs, field.Forbidden(path, "is not allowed in project "+project+": remove it"+alternative+
			", or ask your administrator to set restrictions."+restriction+" to Allow"))
	}
	if restrictions.HostNetwork == v1alpha1.Deny && template.Spec.HostNetwork {
		denied(template.Path.Child("spec", "hostNetwork"), "", "hostNetwork")
	}
	if restrictions.HostIPC == v1alpha1.Deny && template.Spec.HostIPC {
		denied(template.Path.Child("spec", "hostIPC"), " (use "+annotations.LargeShmKey+" for more shared memory)", "hostIPC")
	}
	if restrictions.HostPath == v1alpha1.Deny {
		for i, volume := range template.Spec.Volumes {
			if volume.HostPath != nil {
				denied(template.Path.Child("spec", "volumes").Index(i).Child("hostPath"), " (use a PersistentVolumeClaim)", "hostPath")
			}
		}
	}
	return errs
}
