package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// bindLowPorts is the one capability that the restricted Pod Security Standard lets a container add. The
// sshd of the operator's own images has it as a file capability, and cannot be executed without it.
const bindLowPorts corev1.Capability = "NET_BIND_SERVICE"

// capabilitiesWithIdentity returns the capabilities that every container of a pod with an identity may add.
// There are none on the node's network: an NFS server believes the user that a low port of a node claims.
func capabilitiesWithIdentity(spec corev1.PodSpec) []corev1.Capability {
	// rule T30 in test/forgery TestT30HostNetwork: a low port of the node
	if spec.HostNetwork {
		return nil
	}
	return []corev1.Capability{bindLowPorts}
}

// ensureCapabilities drops all capabilities and adds the given ones. It returns an error for each other one.
func ensureCapabilities(context *corev1.SecurityContext, allowed []corev1.Capability, path pathTo) field.ErrorList {
	if context.Capabilities == nil {
		context.Capabilities = &corev1.Capabilities{}
	}
	capabilities := context.Capabilities
	var errs field.ErrorList
	for i, added := range capabilities.Add {
		// rule T07 in test/forgery TestT07Privileges: capabilities
		if !slices.Contains(allowed, added) {
			errs = append(errs, field.Invalid(path("capabilities").Child("add").Index(i), added, whyNot(added)))
		}
	}
	if !slices.Contains(capabilities.Drop, "ALL") {
		capabilities.Drop = append(capabilities.Drop, "ALL")
	}
	for _, capability := range allowed {
		if !slices.Contains(capabilities.Add, capability) {
			capabilities.Add = append(capabilities.Add, capability)
		}
	}
	return errs
}

func whyNot(added corev1.Capability) string {
	if added == bindLowPorts {
		return "cannot be used with hostNetwork and " + annotations.RunAsUserKey + ": remove it or hostNetwork"
	}
	return "cannot be used with " + annotations.RunAsUserKey + ": remove it"
}

// warnNoLowPorts warns that an sshd with file capabilities cannot be executed on the node's network.
func warnNoLowPorts(job *v2beta1.MPIJob, in Input) []string {
	if in.Identity == nil {
		return nil
	}
	var warnings []string
	for _, template := range mpijob.Templates(job) {
		if template.Spec.HostNetwork {
			warnings = append(warnings, template.Path.Child("spec", "hostNetwork").String()+": with "+identityAsker(in)+
				", an sshd with file capabilities cannot start on the node's network: "+
				"if \"getcap /usr/sbin/sshd\" prints anything in your image, remove the capabilities or hostNetwork")
		}
	}
	return warnings
}
