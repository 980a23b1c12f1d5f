package policy

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// annotationOf returns the annotation with which a pod requests a fraction from KAI.
func annotationOf(amount gpuAmount) (key, value string) {
	if amount.mib > 0 {
		return kai.Memory, strconv.FormatInt(amount.mib, 10)
	}
	return kai.Fraction, amount.gpu.String()
}

// annotateForKAI adds the annotation of the KAI scheduler unless the template has it.
func annotateForKAI(template mpijob.Template, amount gpuAmount) {
	key, value := annotationOf(amount)
	if _, present := template.Annotations[key]; !present {
		metav1.SetMetaDataAnnotation(&template.ObjectMeta, key, value)
	}
}

// annotationsForKAI returns the annotations that an intent adds.
func annotationsForKAI(intent annotations.Intent) map[string]string {
	added := map[string]string{}
	for _, request := range intentRequests(intent) {
		if request.isFraction() {
			key, value := annotationOf(request.gpuAmount)
			added[key] = value
			if intent.GPUDevices != 0 {
				added[kai.Devices] = intent.GPUDevices.String()
			}
		}
	}
	return added
}

// ensureDevices sets the number of GPUs, each with the fraction. A value that cannot be read is refused by
// refusedByKAI.
func ensureDevices(template mpijob.Template, intent annotations.Intent) field.ErrorList {
	want, asked := annotationsForKAI(intent)[kai.Devices]
	if !asked {
		return nil
	}
	text, present := template.Annotations[kai.Devices]
	if !present {
		metav1.SetMetaDataAnnotation(&template.ObjectMeta, kai.Devices, want)
		return nil
	}
	if devices, err := kai.ParseDevices(text); err == nil && devices != int64(intent.GPUDevices) {
		return field.ErrorList{conflicts(annotationPath(template, kai.Devices), text, sets(annotations.GPUDevicesKey), shown(want))}
	}
	return nil
}

func annotationPath(template mpijob.Template, key string) *field.Path {
	return template.Path.Child("metadata", "annotations").Key(key)
}

// kaiRequests returns the requests in a template's own annotations for KAI.
func kaiRequests(template mpijob.Template) (requests []gpuRequest, errs field.ErrorList) {
	for _, annotation := range []struct {
		key   string
		parse func(string) (gpuAmount, error)
	}{{kai.Fraction, parseKAIFraction}, {kai.Memory, parseKAIMemory}} {
		text, present := template.Annotations[annotation.key]
		if !present {
			continue
		}
		path := annotationPath(template, annotation.key)
		amount, err := annotation.parse(text)
		if err != nil {
			errs = append(errs, field.Invalid(path, text, err.Error()))
			continue
		}
		requests = append(requests, gpuRequest{amount, path, text, ""})
	}
	return requests, errs
}

func parseKAIFraction(text string) (gpuAmount, error) {
	fraction, err := kai.ParseFraction(text)
	return gpuAmount{gpu: fraction}, err
}

func parseKAIMemory(text string) (gpuAmount, error) {
	mib, err := kai.ParseMemory(text)
	return gpuAmount{mib: mib}, err
}
