package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// refusedByKAI returns an error for each reason why KAI's own admission would refuse the pods of a template, other
// than values of a fraction or of memory that it cannot read. KAI would refuse every pod that the operator creates,
// forever.
func refusedByKAI(template mpijob.Template, isFraction bool, name corev1.ResourceName, known field.ErrorList) field.ErrorList {
	errs := invalidDevices(template)
	_, hasFraction := template.Annotations[kai.Fraction]
	_, hasMemory := template.Annotations[kai.Memory]
	if isFraction || hasFraction || hasMemory {
		errs = append(errs, wholeWithFraction(template, name)...)
		errs = append(errs, unknownContainer(template)...)
	} else {
		errs = append(errs, withoutFraction(template)...)
	}
	return newIn(errs, known)
}

func invalidDevices(template mpijob.Template) field.ErrorList {
	text, present := template.Annotations[kai.Devices]
	if !present {
		return nil
	}
	if _, err := kai.ParseDevices(text); err != nil {
		return field.ErrorList{field.Invalid(annotationPath(template, kai.Devices), text, err.Error())}
	}
	return nil
}

// wholeWithFraction returns an error for each container of a pod with a fraction that has a limit of whole GPUs. KAI
// looks only for the key, so 0 is refused, too.
func wholeWithFraction(template mpijob.Template, name corev1.ResourceName) field.ErrorList {
	const why = "cannot be used with a fraction of a GPU in the same pod, even if it is 0: remove it"
	var errs field.ErrorList
	for i, container := range template.Containers() {
		path := container.Path().Child("resources", "limits")
		converted := func(limit resource.Quantity) bool { return i == 0 && isFractional(limit) } // to KAI's annotations
		if limit, present := container.Resources.Limits[kai.WholeGPU]; present && (name != kai.WholeGPU || !converted(limit)) {
			errs = append(errs, field.Invalid(path.Key(kai.WholeGPU), limit.String(), why))
		}
		if limit := container.Resources.Limits[name]; name != kai.WholeGPU && !limit.IsZero() && !converted(limit) {
			errs = append(errs, field.Invalid(path.Key(string(name)), limit.String(), "cannot be used with a fraction of a GPU in the same pod: remove it"))
		}
	}
	return errs
}

// unknownContainer returns an error for the name of a container that the pod does not have.
func unknownContainer(template mpijob.Template) field.ErrorList {
	name, present := template.Annotations[kai.ContainerName]
	if !present || slices.ContainsFunc(template.Containers(), func(container mpijob.Container) bool { return container.Name == name }) {
		return nil
	}
	return field.ErrorList{field.Invalid(annotationPath(template, kai.ContainerName), name,
		"is not a container of the pod: remove it, or set it to the name of a container or init container")}
}

// withoutFraction returns an error for each annotation that needs a fraction.
func withoutFraction(template mpijob.Template) field.ErrorList {
	var errs field.ErrorList
	for _, key := range []string{kai.Devices, kai.MPS} {
		if value, present := template.Annotations[key]; present && (key != kai.MPS || value == "true") {
			errs = append(errs, field.Invalid(annotationPath(template, key), value,
				"needs a fraction of a GPU: remove it, set "+annotations.GPUKey+" to a fraction, or set "+annotations.GPUMemoryKey))
		}
	}
	return errs
}
