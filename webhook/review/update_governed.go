package review

import (
	"reflect"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// The fields that steer a job, which queues and schedulers change. Here only what a policy owns is
// governed; the rest of the spec is governed completely.
const (
	runPolicyField    = "spec.runPolicy"
	nodeSelectorField = "template.spec.nodeSelector"
	tolerationsField  = "template.spec.tolerations"
	gatesField        = "template.spec.schedulingGates"
)

// governedPart returns the part of a job that no update may change. It shares memory with the job.
func governedPart(job *v2beta1.MPIJob, owned policy.Ownership) *v2beta1.MPIJob {
	part := &v2beta1.MPIJob{Spec: job.Spec}
	part.Spec.RunPolicy = *job.Spec.RunPolicy.DeepCopy()
	// rule T14 in test/forgery TestT14Controllers: a controller suspends it, which is allowed
	dropUnowned(reflect.ValueOf(&part.Spec.RunPolicy).Elem(), runPolicyField, owned)
	// rule T12 in test/forgery TestT12Colleague: to change what it asks for
	part.Annotations = filtered(job.Annotations, isGovernedAnnotation(owned))
	part.Labels = filtered(job.Labels, owned.HasLabel)
	part.Spec.MPIReplicaSpecs = make(map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec, len(job.Spec.MPIReplicaSpecs))
	for name, role := range job.Spec.MPIReplicaSpecs {
		if role != nil {
			role = governedRole(*role, name, owned)
		}
		part.Spec.MPIReplicaSpecs[name] = role
	}
	return part
}

func governedRole(role v2beta1.ReplicaSpec, name v2beta1.MPIReplicaType, owned policy.Ownership) *v2beta1.ReplicaSpec {
	// rule T13 in test/forgery TestT13ColleagueSteers: to resume and scale it, which is allowed
	// without: _ = name
	role.Replicas = whetherSet(role.Replicas, owned.HasField("spec.mpiReplicaSpecs."+string(name)+".replicas"))
	template := &role.Template
	template.Labels = filtered(template.Labels, owned.HasLabel)
	template.Annotations = filtered(template.Annotations, isGovernedTemplateAnnotation(owned))
	// rule T02 in test/oracle FuzzUpdates: random updates
	// without: template.Spec.NodeSelector, template.Spec.SecurityContext = nil, nil
	template.Spec.NodeSelector = filtered(template.Spec.NodeSelector, func(key string) bool { return owned.HasField(element(nodeSelectorField, key)) })
	template.Spec.Tolerations = slices.DeleteFunc(slices.Clone(template.Spec.Tolerations), func(t corev1.Toleration) bool {
		return !owned.HasField(element(tolerationsField, t.Key))
	})
	template.Spec.SchedulingGates = slices.DeleteFunc(slices.Clone(template.Spec.SchedulingGates), func(gate corev1.PodSchedulingGate) bool {
		return !owned.HasField(element(gatesField, gate.Name))
	})
	return &role
}

// whetherSet returns nil for a number that is not set or that no policy owns. No update may remove a number that a
// policy sets; the operator decides which numbers are valid.
func whetherSet(replicas *int32, isOwned bool) *int32 {
	if replicas == nil || !isOwned {
		return nil
	}
	return new(int32)
}

func element(list, key string) string { return list + "[" + key + "]" }

// isGovernedAnnotation returns a function that reports whether an annotation is an intent or owned by a
// policy.
func isGovernedAnnotation(owned policy.Ownership) func(key string) bool {
	return func(key string) bool { return strings.HasPrefix(key, annotations.Prefix) || owned.HasAnnotation(key) }
}

// isGovernedTemplateAnnotation is isGovernedAnnotation for the annotations of pod templates.
func isGovernedTemplateAnnotation(owned policy.Ownership) func(key string) bool {
	return func(key string) bool {
		return strings.HasPrefix(key, annotations.Prefix) || owned.HasTemplateAnnotation(key)
	}
}

func filtered(all map[string]string, keep func(key string) bool) map[string]string {
	var kept map[string]string
	for key, value := range all {
		if keep(key) {
			if kept == nil {
				kept = make(map[string]string, len(all))
			}
			kept[key] = value
		}
	}
	return kept
}

// dropUnowned clears the fields of a struct that no policy owns. Fields are named as in JSON.
func dropUnowned(object reflect.Value, path string, owned policy.Ownership) {
	for field, value := range object.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name = path + "." + name
		if owned.HasField(name) {
			continue
		}
		if value.Kind() == reflect.Pointer && !value.IsNil() && value.Elem().Kind() == reflect.Struct {
			dropUnowned(value.Elem(), name, owned)
			if !value.Elem().IsZero() {
				continue
			}
		}
		value.SetZero()
	}
}
