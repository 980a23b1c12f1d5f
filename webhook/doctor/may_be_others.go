package doctor

import (
	"maps"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// mayBeOthers looks for who can be authenticated as somebody else, or decides who everybody is.
func mayBeOthers() []permissionCheck {
	return []permissionCheck{
		{
			name:        "may-impersonate",
			about:       "who may impersonate users, groups, extra attributes, nodes or service accounts, by `impersonate` or the constrained verbs",
			so:          "can submit jobs as somebody else",
			permissions: impersonations,
		},
		{
			name:        "may-take-service-accounts",
			about:       "who may act as a service account that has an identity or that is trusted: by tokens, or by pods in its namespace",
			so:          "can act as the service accounts there, which have identities or are trusted",
			permissions: takingAccounts,
		},
		{
			name:  "may-change-identities",
			about: "who may change PosixIdentities",
			so:    "decides which UID everybody has",
			permissions: func(*Snapshot) []Permission {
				return permissions(v1alpha1.GroupVersion.Group, []string{"posixidentities"}, writes...)
			},
		},
		{
			name:  "may-approve-certificates",
			about: "who may approve certificates by which the API server authenticates users",
			so:    "can get a certificate for any user name",
			permissions: func(*Snapshot) []Permission {
				return named(clientSigners, permissions(certificatesGroup, []string{"signers"}, "approve"))
			},
		},
	}
}

// clientSigners are the signers of Kubernetes whose certificates may authenticate a client.
var clientSigners = []string{
	"kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/legacy-unknown", "kubernetes.io/*",
}

// impersonations are the permissions that the API server asks for before somebody impersonates another. The constrained
// ones need two: one for the other user, and one for what is done as that user.
func impersonations(s *Snapshot) []Permission {
	claims := s.Policy.Identity.Claims
	var extras []string
	for _, key := range []string{claims.UID, claims.GID, claims.Groups, claims.Name, claims.Source} {
		if key != "" {
			extras = append(extras, "userextras/"+key)
		}
	}
	all := permissions("", []string{"users", "groups"}, "impersonate")
	all = append(all, permissions(authenticationGroup, append([]string{"uids"}, extras...), "impersonate")...)
	all = append(all, permissions(authenticationGroup, append([]string{"users", "groups", "uids"}, extras...), "impersonate:user-info")...)
	all = append(all, permissions(authenticationGroup, []string{"nodes"}, "impersonate:arbitrary-node", "impersonate:associated-node")...)
	all = append(all, in(s.entrusted(),
		permissions("", []string{"serviceaccounts"}, "impersonate"),
		permissions(authenticationGroup, []string{"serviceaccounts"}, "impersonate:serviceaccount"))...)
	return append(all, in(s.required(),
		permissions(v2beta1.GroupName, []string{"mpijobs"}, "impersonate-on:user-info:create", "impersonate-on:serviceaccount:create"),
		permissions("", []string{"pods", "pods/exec", "pods/attach", "pods/portforward"}, "impersonate-on:user-info:create"))...)
}

// takingAccounts are the permissions by which somebody gets the token of a service account.
func takingAccounts(s *Snapshot) []Permission {
	namespaces := s.entrusted()
	all := in(namespaces,
		permissions("", []string{"serviceaccounts/token"}, "create"),
		makesPods(),
		permissions(v2beta1.GroupName, []string{"mpijobs"}, "create"),
		entersPods(), proxiesServices())
	others := maps.Clone(namespaces) // may-be-the-webhook looks for Secrets in the namespace of the webhook
	if s.Release != nil {
		delete(others, s.Release.Namespace)
	}
	return append(all, in(others, permissions("", []string{"secrets"}, "get", "list", "watch", "create"))...)
}

// makesPods are the permissions to make pods, or to change what runs in them.
func makesPods() []Permission {
	all := permissions("", []string{"pods", "replicationcontrollers"}, changes...)
	all = append(all, permissions("", []string{"pods/ephemeralcontainers"}, "update", "patch")...)
	all = append(all, permissions("apps", []string{"deployments", "statefulsets", "daemonsets", "replicasets"}, changes...)...)
	all = append(all, permissions("batch", []string{"jobs", "cronjobs"}, changes...)...)
	return append(all, permissions("jobset.x-k8s.io", []string{"jobsets"}, changes...)...)
}

// entersPods are the permissions to reach processes in pods.
func entersPods() []Permission {
	all := permissions("", []string{"pods/exec", "pods/attach", "pods/portforward"}, "create", "get")
	return append(all, permissions("", []string{"pods/proxy"}, "create", "get", "update", "patch", "delete")...)
}

// proxiesServices are the permissions to reach pods through a Service.
func proxiesServices() []Permission {
	return permissions("", []string{"services/proxy"}, "create", "get", "update", "patch", "delete")
}
