package policy

import (
	"errors"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// The annotations that the KAI scheduler reads on a pod: a decimal below 1, and a whole number of MiB.
const (
	kaiFraction = "gpu-fraction"
	kaiMemory   = "gpu-memory"
)

var (
	errKAIFraction = errors.New("must be a decimal between 0 and 1, for example 0.5")
	errKAIMemory   = errors.New("must be a whole number of MiB above 0, for example 2048")
)

// annotateForKAI adds the annotation of the KAI scheduler unless the template has it.
func annotateForKAI(template mpijob.Template, amount gpuAmount) {
	key, value := kaiFraction, amount.gpu.String()
	if amount.mib > 0 {
		key, value = kaiMemory, strconv.FormatInt(amount.mib, 10)
	}
	if _, present := template.Annotations[key]; !present {
		metav1.SetMetaDataAnnotation(&template.ObjectMeta, key, value)
	}
}

// kaiRequests returns the requests in a template's own annotations for KAI.
func kaiRequests(template mpijob.Template) (requests []gpuRequest, errs field.ErrorList) {
	for _, annotation := range []struct {
		key   string
		parse func(string) (gpuAmount, error)
	}{{kaiFraction, parseKAIFraction}, {kaiMemory, parseKAIMemory}} {
		text, present := template.Annotations[annotation.key]
		if !present {
			continue
		}
		path := template.Path.Child("metadata", "annotations").Key(annotation.key)
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
	var gpus annotations.GPU
	if err := gpus.UnmarshalText([]byte(text)); err != nil || !gpus.IsFraction() {
		return gpuAmount{}, errKAIFraction
	}
	return gpuAmount{gpu: gpus}, nil
}

func parseKAIMemory(text string) (gpuAmount, error) {
	mib, err := strconv.ParseUint(text, 10, 63) // as KAI does: no sign
	if err != nil || mib == 0 {
		return gpuAmount{}, errKAIMemory
	}
	return gpuAmount{mib: int64(mib)}, nil
}
