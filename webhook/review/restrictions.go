package review

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// restrictionsOf returns the restrictions of a project's jobs. Where the project requires an identity, only its
// own word opens the node's network: there a job has the node's address, which NFS servers and others trust.
func restrictionsOf(in policy.Input) v1alpha1.Restrictions {
	restrictions := in.Cluster.Restrictions.Stricter(in.Project.Spec.Restrictions)
	// rule T30 in test/forgery TestT30HostNetwork: the node's network
	if in.Project.Spec.Identity == v1alpha1.IdentityRequired && in.Project.Spec.Restrictions.HostNetwork != v1alpha1.Allow {
		restrictions.HostNetwork = v1alpha1.Deny
	}
	return restrictions
}

func validateRestrictions(template mpijob.Template, in policy.Input) field.ErrorList {
	restrictions := restrictionsOf(in)
	var errs field.ErrorList
	denied := func(path *field.Path, alternative, restriction string) {
		errs = append(errs, field.Forbidden(path, "is not allowed in project "+in.Project.Name+": remove it"+alternative+
			", or ask your administrator to set restrictions."+restriction+" to Allow"))
	}
	if restrictions.HostNetwork == v1alpha1.Deny {
		setting := "hostNetwork"
		if in.Cluster.Restrictions.Stricter(in.Project.Spec.Restrictions).HostNetwork != v1alpha1.Deny {
			setting += " of the project" // nobody has denied it, but the project has to allow it
		}
		for _, path := range nodeNetwork(template) {
			denied(path, "", setting)
		}
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

// nodeNetwork returns the paths of everything by which a pod uses its node's network: itself, through a port of
// the node, or through the kubelet, which sends the requests of probes and hooks.
func nodeNetwork(template mpijob.Template) []*field.Path {
	if template.Spec.HostNetwork {
		return []*field.Path{template.Path.Child("spec", "hostNetwork")}
	}
	var paths []*field.Path
	for _, container := range template.Containers() {
		for i, port := range container.Ports {
			// rule T30 in test/forgery TestT30HostNetwork: a port of the node
			if port.HostPort != 0 {
				paths = append(paths, container.Path().Child("ports").Index(i).Child("hostPort"))
			}
		}
		paths = append(paths, hostsOfRequests(container)...)
	}
	return paths
}

// hostsOfRequests returns the paths of the hosts to which the kubelet would send requests. Without a host, it
// sends them to the pod.
func hostsOfRequests(container mpijob.Container) []*field.Path {
	var paths []*field.Path
	add := func(path *field.Path, get *corev1.HTTPGetAction, dial *corev1.TCPSocketAction) {
		// rule T30 in test/forgery TestT30HostNetwork: a request that the kubelet sends from the node
		if get != nil && get.Host != "" {
			paths = append(paths, path.Child("httpGet", "host"))
		}
		// rule T30 in test/forgery TestT30HostNetwork: a connection that the kubelet opens from the node
		if dial != nil && dial.Host != "" {
			paths = append(paths, path.Child("tcpSocket", "host"))
		}
	}
	for _, probe := range []struct {
		name string
		*corev1.Probe
	}{{"livenessProbe", container.LivenessProbe}, {"readinessProbe", container.ReadinessProbe}, {"startupProbe", container.StartupProbe}} {
		if probe.Probe != nil {
			add(container.Path().Child(probe.name), probe.HTTPGet, probe.TCPSocket)
		}
	}
	if hooks := container.Lifecycle; hooks != nil {
		if hooks.PostStart != nil {
			add(container.Path().Child("lifecycle", "postStart"), hooks.PostStart.HTTPGet, hooks.PostStart.TCPSocket)
		}
		if hooks.PreStop != nil {
			add(container.Path().Child("lifecycle", "preStop"), hooks.PreStop.HTTPGet, hooks.PreStop.TCPSocket)
		}
	}
	return paths
}
