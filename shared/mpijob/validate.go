package mpijob

import (
	"fmt"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/validation"
	apivalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/pods"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// generatedSuffix is as long as the suffix that the API server appends to a generateName.
const generatedSuffix = "00000"

// Validate returns every reason why the MPI Operator would refuse the job, or the API server its pod templates or the
// pods that the operator makes from them. Without this check, each reason is only an event on a job that never
// starts. The operator's own rules are applied to a copy with its defaults.
func Validate(job *v2beta1.MPIJob) field.ErrorList {
	errs := validateName(job)
	unnamed := defaulted(job)
	unnamed.Name = "any" // validateName has validated the name
	for _, err := range validation.ValidateMPIJob(unnamed) {
		if err.Field != "metadata.name" {
			errs = append(errs, explain(job, err))
		}
	}
	for _, template := range Templates(job) {
		if template.Role != Launcher && template.Role != Worker {
			continue // no pod is made of it
		}
		errs = append(errs, pods.Validate(template.PodTemplateSpec, template.Path, usableVolumes(job, template.Role)...)...)
		errs = append(errs, validateMade(job, template)...)
	}
	return errs
}

// explain replaces an error of the operator's that names no remedy.
func explain(job *v2beta1.MPIJob, err *field.Error) *field.Error {
	path := ReplicaPath(Worker).Child("replicas")
	if values, isEnum := strings.CutPrefix(err.Detail, "supported values: "); isEnum {
		err.Detail = "must be " + suggest.OneOf(strings.Split(strings.ReplaceAll(values, `"`, ""), ", ")...)
	}
	if err.Field != path.String() {
		return err
	}
	if job.Spec.MPIReplicaSpecs[Worker].Replicas == nil {
		return field.Required(path, "the operator reads a missing value as 0: set it to 1 or more")
	}
	return field.Invalid(path, err.BadValue, "must be at least 1")
}

// validateName validates the host name of the last worker, the longest one of the job.
func validateName(job *v2beta1.MPIJob) field.ErrorList {
	path, written, generated := field.NewPath("metadata", "name"), job.Name, ""
	if written == "" && job.GenerateName != "" {
		path, written, generated = field.NewPath("metadata", "generateName"), job.GenerateName, generatedSuffix
	}
	suffix := fmt.Sprintf("%s-worker-%d", generated, max(Workers(job), 1)-1)
	longest := apivalidation.DNS1035LabelMaxLength - len(suffix)
	switch {
	case written == "":
		return field.ErrorList{field.Required(path, "must be set to lower case letters, digits and '-', for example dist-1")}
	case len(written) > longest: // perhaps a megabyte, which no expression should match
		return field.ErrorList{field.Invalid(path, written, fmt.Sprintf(
			"must be at most %d characters: the host name of the last worker, %s%s, can have at most %d",
			longest, written, suffix, apivalidation.DNS1035LabelMaxLength))}
	case len(apivalidation.IsDNS1035Label(written+suffix)) > 0:
		return field.ErrorList{field.Invalid(path, written,
			"must have only lower case letters, digits and '-', and begin with a letter, for example dist-1")}
	}
	return nil
}

// defaulted returns the job with the operator's defaults, and leaves the job itself unchanged. It copies
// only the levels that the defaults write to.
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
