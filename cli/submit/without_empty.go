package submit

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// withoutEmpty converts the job and drops the empty structs that Go writes: creationTimestamp, resources
// and status.
func withoutEmpty(job *v2beta1.MPIJob) (*unstructured.Unstructured, error) {
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(job)
	if err != nil {
		return nil, fmt.Errorf("cannot convert the job: %w", err)
	}
	unstructured.RemoveNestedField(object, "status")
	for role := range job.Spec.MPIReplicaSpecs {
		template := []string{"spec", "mpiReplicaSpecs", string(role), "template"}
		unstructured.RemoveNestedField(object, append(template, "metadata")...)
		path := append(template, "spec", "containers")
		containers, _, err := unstructured.NestedSlice(object, path...)
		if err != nil {
			return nil, fmt.Errorf("cannot convert the job: %w", err)
		}
		for _, container := range containers {
			dropEmpty(container.(map[string]any), "resources")
		}
		if err := unstructured.SetNestedSlice(object, containers, path...); err != nil {
			return nil, fmt.Errorf("cannot convert the job: %w", err)
		}
	}
	return &unstructured.Unstructured{Object: object}, nil
}

func dropEmpty(object map[string]any, key string) {
	if value, ok := object[key].(map[string]any); ok && len(value) == 0 {
		delete(object, key)
	}
}
