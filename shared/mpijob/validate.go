package mpijob

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/validation"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// generatedSuffix is as long as what the API server appends to a generateName.
const generatedSuffix = "00000"

// Validate returns every reason why the MPI operator, or the API server when the operator creates
// the pods, would refuse the job: what otherwise only becomes an event on a job that never starts.
// The rules are the operator's own, on a copy with its defaults, and the API server's for resources.
func Validate(job *v2beta1.MPIJob) field.ErrorList {
	errs := validateName(job)
	for _, err := range validation.ValidateMPIJob(defaulted(job)) {
		if err.Field != "metadata.name" {
			errs = append(errs, explain(job, err))
		}
	}
	for _, template := range Templates(job) {
		for _, container := range template.Containers() {
			errs = append(errs, validateResources(container)...)
		}
	}
	return errs
}

// explain says what to write where the operator's sentence does not.
func explain(job *v2beta1.MPIJob, err *field.Error) *field.Error {
	path := ReplicaPath(Worker).Child("replicas")
	if err.Field != path.String() {
		return err
	}
	if job.Spec.MPIReplicaSpecs[Worker].Replicas == nil {
		return field.Required(path, "the operator takes a missing number of workers for 0: write 1 or more")
	}
	return field.Invalid(path, err.BadValue, "there must be at least one worker: write 1 or more")
}

// validateName judges the name by the host name of the last worker, which must be a DNS label.
func validateName(job *v2beta1.MPIJob) field.ErrorList {
	path, name := field.NewPath("metadata", "name"), job.Name
	if name == "" && job.GenerateName != "" {
		path, name = field.NewPath("metadata", "generateName"), job.GenerateName+generatedSuffix
	}
	suffix := fmt.Sprintf("-worker-%d", max(Workers(job), 1)-1)
	problems := apivalidation.IsDNS1035Label(name + suffix)
	switch longest := apivalidation.DNS1035LabelMaxLength - len(suffix); {
	case len(problems) == 0:
		return nil
	case name == "":
		return field.ErrorList{field.Required(path, "write a name of lower case letters, digits and '-'")}
	case len(name) > longest:
		return field.ErrorList{field.Invalid(path, name, fmt.Sprintf(
			"is too long by %d: the last worker is %s%s, and a host name has at most %d characters; write a name of at most %d",
			len(name)-longest, name, suffix, apivalidation.DNS1035LabelMaxLength, longest))}
	default:
		return field.ErrorList{field.Invalid(path, name,
			"is no host name: write lower case letters, digits and '-', beginning with a letter, such as dist-1")}
	}
}

func validateResources(container Container) field.ErrorList {
	var errs field.ErrorList
	for _, name := range sortedNames(container.Resources.Requests) {
		request := container.Resources.Requests[name]
		limit, limited := container.Resources.Limits[name]
		path := container.Path().Child("resources", "requests").Key(string(name))
		switch {
		case limited && request.Cmp(limit) > 0:
			errs = append(errs, field.Invalid(path, request.String(),
				fmt.Sprintf("is more than the limit of %s: lower the request or raise the limit", limit.String())))
		case strings.Contains(string(name), "/") && (!limited || request.Cmp(limit) < 0):
			errs = append(errs, field.Invalid(path, request.String(),
				"cannot be overcommitted: write the same amount as the limit, or the limit only"))
		}
	}
	return errs
}

func sortedNames(list corev1.ResourceList) []corev1.ResourceName {
	names := make([]corev1.ResourceName, 0, len(list))
	for name := range list {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// defaulted returns the job with the operator's defaults. Only the levels that the defaults write to
// are copied: the job itself stays as it was.
func defaulted(job *v2beta1.MPIJob) *v2beta1.MPIJob {
	shallow := *job
	shallow.Spec.MPIReplicaSpecs = make(map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec, len(job.Spec.MPIReplicaSpecs))
	for role, spec := range job.Spec.MPIReplicaSpecs {
		if spec != nil {
			replica := *spec
			spec = &replica
		}
		shallow.Spec.MPIReplicaSpecs[role] = spec
	}
	if job.Spec.MPIReplicaSpecs == nil {
		shallow.Spec.MPIReplicaSpecs = nil
	}
	v2beta1.SetDefaults_MPIJob(&shallow)
	return &shallow
}
