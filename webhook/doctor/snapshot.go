package doctor

import (
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	installation "github.com/runai-mpi/runai-mpi/webhook/check"
)

// A Source is something that is read from the cluster: a resource, as RBAC names it.
type Source string

// The sources.
const (
	Namespaces          Source = "namespaces"
	Projects            Source = "projects.policy.run.ai"
	Identities          Source = "posixidentities.policy.run.ai"
	ClusterRoles        Source = "clusterroles.rbac.authorization.k8s.io"
	ClusterRoleBindings Source = "clusterrolebindings.rbac.authorization.k8s.io"
	Roles               Source = "roles.rbac.authorization.k8s.io"
	RoleBindings        Source = "rolebindings.rbac.authorization.k8s.io"
	Deployments         Source = "deployments.apps"

	MutatingWebhooks       Source = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
	ValidatingWebhooks     Source = "validatingwebhookconfigurations.admissionregistration.k8s.io"
	Policies               Source = "validatingadmissionpolicies.admissionregistration.k8s.io"
	PolicyBindings         Source = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
	MutatingPolicies       Source = "mutatingadmissionpolicies.admissionregistration.k8s.io"
	MutatingPolicyBindings Source = "mutatingadmissionpolicybindings.admissionregistration.k8s.io"

	Leases          Source = "leases.coordination.k8s.io"
	Nodes           Source = "nodes"
	CRDs            Source = "customresourcedefinitions.apiextensions.k8s.io"
	NetworkPolicies Source = "networkpolicies.networking.k8s.io"
	Jobs            Source = "mpijobs.kubeflow.org"
	Pods            Source = "pods"
	// Endpoints are the addresses at which the API server calls the webhook.
	Endpoints Source = "the webhook's address"
	// PodCreation is the dry run of a pod that the backstop must refuse.
	PodCreation Source = "a pod that is created as a dry run"
)

// Forbidden is why a source could not be read that may not be listed.
const Forbidden = "forbidden"

// A Snapshot is what was read from a cluster.
type Snapshot struct {
	// Now is when.
	Now time.Time
	// Policy is the cluster policy, and PolicyFrom says where it comes from.
	Policy     *config.ClusterPolicy
	PolicyFrom string
	// Administrators are trusted users and groups. A name that ends in * stands for all that begin so.
	Administrators []string
	// Unread says why a source could not be read: Forbidden, or a sentence.
	Unread map[Source]string

	Namespaces          []corev1.Namespace
	Projects            []v1alpha1.Project
	Identities          []v1alpha1.PosixIdentity
	ClusterRoles        []rbacv1.ClusterRole
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
	Roles               []rbacv1.Role
	RoleBindings        []rbacv1.RoleBinding
	// Release is the Deployment of the webhook.
	Release *Deployment
	// Operators are the Deployments that run mpi-operator.
	Operators []Deployment

	// Configurations is the name of both webhook configurations that judge jobs.
	Configurations         string
	MutatingWebhooks       []admissionregistrationv1.MutatingWebhookConfiguration
	ValidatingWebhooks     []admissionregistrationv1.ValidatingWebhookConfiguration
	Policies               []admissionregistrationv1.ValidatingAdmissionPolicy
	PolicyBindings         []admissionregistrationv1.ValidatingAdmissionPolicyBinding
	MutatingPolicies       []admissionregistrationv1.MutatingAdmissionPolicy
	MutatingPolicyBindings []admissionregistrationv1.MutatingAdmissionPolicyBinding
	// Calls are the results of calling the webhook as the API server does.
	Calls []installation.Result
	Probe Probe
	// AssumeFiles is set if the API server is known to have the policies of the backstop as files.
	AssumeFiles bool

	Heartbeats      []Heartbeat
	Nodes           []corev1.Node
	CRDs            []apiextensionsv1.CustomResourceDefinition
	NetworkPolicies []networkingv1.NetworkPolicy
	// AnonymousJobs and AnonymousPods are the names of what has no identity and has not finished, by namespace.
	AnonymousJobs, AnonymousPods map[string][]string

	projects map[string]*v1alpha1.Project // by name, once somebody asked
}

// A Deployment is what is read of one.
type Deployment struct {
	Namespace, Name, ServiceAccount string
	// Instance is the name of the helm release, or "".
	Instance string
	// Arguments are the command and the arguments of the container that matters.
	Arguments []string
}

// missing says why sources could not be read, or returns "".
func (s *Snapshot) missing(needs []Source) string {
	var forbidden, reasons []string
	for _, source := range needs {
		switch reason, unread := s.Unread[source]; {
		case !unread:
		case reason == Forbidden && !slices.Contains(forbidden, string(source)):
			forbidden = append(forbidden, string(source))
		case reason != Forbidden && !slices.Contains(reasons, reason):
			reasons = append(reasons, reason)
		}
	}
	if len(forbidden) > 0 {
		reasons = append([]string{"you may not list " + enumerate(forbidden)}, reasons...)
	}
	return strings.Join(reasons, "; ")
}

// project returns the project of a namespace: its name, or "" if it belongs to none, and the Project, if there is one.
func (s *Snapshot) project(namespace *corev1.Namespace) (name string, project *v1alpha1.Project) {
	name = namespace.Labels[s.Policy.ProjectLabel]
	if s.projects == nil {
		s.projects = make(map[string]*v1alpha1.Project, len(s.Projects))
		for i := range s.Projects {
			s.projects[s.Projects[i].Name] = &s.Projects[i]
		}
	}
	return name, s.projects[name]
}

// requires reports whether jobs of a namespace must run as their submitter, or will when it is no longer warn-only.
func (s *Snapshot) requires(namespace *corev1.Namespace) bool {
	name, project := s.project(namespace)
	return name != "" && (isLabelled(namespace) || project != nil && project.Spec.Identity == v1alpha1.IdentityRequired)
}

// isLabelled reports whether the backstop guards a namespace.
func isLabelled(namespace *corev1.Namespace) bool {
	return namespace.Labels[annotations.IdentityLabel] == string(v1alpha1.IdentityRequired)
}

// required returns the names of the namespaces whose jobs must run as their submitter.
func (s *Snapshot) required() map[string]bool {
	names := map[string]bool{}
	for i := range s.Namespaces {
		if s.requires(&s.Namespaces[i]) {
			names[s.Namespaces[i].Name] = true
		}
	}
	return names
}
