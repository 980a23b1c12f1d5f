package bench

import (
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// addingPolicy adds a volume, and its mount to the main container, of each role.
func addingPolicy(namespaces *metav1.LabelSelector) *admissionregistrationv1.MutatingAdmissionPolicy {
	policy := &admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: addsPolicy}}
	var operations []string
	for _, role := range []string{"Launcher", "Worker"} {
		pod := "/spec/mpiReplicaSpecs/" + role + "/template/spec/"
		operations = append(operations,
			adds(pod+"volumes/-", `{"name": dyn("shm"), "emptyDir": dyn({"medium": "Memory"})}`),
			adds(pod+"containers/0/volumeMounts/-", `{"name": "shm", "mountPath": "/dev/shm"}`),
		)
	}
	never := admissionregistrationv1.NeverReinvocationPolicy
	rules := []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: creations()[0]}}
	policy.Spec = admissionregistrationv1.MutatingAdmissionPolicySpec{
		ReinvocationPolicy: never,
		MatchConstraints:   &admissionregistrationv1.MatchResources{NamespaceSelector: namespaces, ResourceRules: rules},
		Mutations: []admissionregistrationv1.Mutation{{
			PatchType: admissionregistrationv1.PatchTypeJSONPatch,
			JSONPatch: &admissionregistrationv1.JSONPatch{Expression: "[" + strings.Join(operations, ", ") + "]"},
		}},
	}
	return policy
}

func adds(path, value string) string {
	return fmt.Sprintf(`JSONPatch{op: "add", path: %q, value: %s}`, path, value)
}

func addingPolicyBinding(namespaces *metav1.LabelSelector) *admissionregistrationv1.MutatingAdmissionPolicyBinding {
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: addsPolicy}}
	binding.Spec.PolicyName = addsPolicy
	binding.Spec.MatchResources = &admissionregistrationv1.MatchResources{NamespaceSelector: namespaces}
	return binding
}
