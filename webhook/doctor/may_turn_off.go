package doctor

import (
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// mayTurnOff looks for who can change the rules, or keep them from being applied.
func mayTurnOff() []permissionCheck {
	return []permissionCheck{
		{
			name:        "may-change-namespaces",
			about:       "who may create namespaces or change their labels",
			so:          "decides whose rules apply in a namespace, and whether any do",
			permissions: changingNamespaces,
		},
		{
			name:  "may-change-projects",
			about: "who may change Projects",
			so:    "can loosen the rules of a project",
			permissions: func(*Snapshot) []Permission {
				return permissions(v1alpha1.GroupVersion.Group, []string{"projects"}, writes...)
			},
		},
		{
			name:  "may-change-webhooks",
			about: "who may change webhook configurations",
			so:    "can turn off the webhook, or see and change what everybody sends to the API server",
			permissions: func(*Snapshot) []Permission {
				return permissions(admissionGroup, []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}, writes...)
			},
		},
		{
			name:  "may-change-policies",
			about: "who may change admission policies",
			so:    "can turn off the backstop, or change what everybody sends to the API server",
			permissions: func(*Snapshot) []Permission {
				return permissions(admissionGroup, []string{
					"validatingadmissionpolicies", "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
				}, writes...)
			},
		},
		{
			name:        "may-change-apis",
			about:       "who may change the CRDs of MPIJobs, Projects and PosixIdentities, or register API servers",
			so:          "can change or replace the objects by which jobs are judged",
			permissions: changingAPIs,
		},
		{
			name:        "may-escalate",
			about:       "who may give permissions that they do not have: `escalate` and `bind`",
			so:          "can have every other permission",
			permissions: escalations,
		},
	}
}

// changingNamespaces are the permissions to change a namespace. A binding in a namespace can allow that for the
// namespace itself, and its labels can also be changed through its subresources.
func changingNamespaces(s *Snapshot) []Permission {
	all := permissions("", []string{"namespaces"}, "create")
	own := map[string]bool{}
	for i := range s.Namespaces {
		if s.Namespaces[i].Labels[s.Policy.ProjectLabel] != "" {
			own[s.Namespaces[i].Name] = true
		}
	}
	for _, permission := range permissions("", []string{"namespaces", "namespaces/status", "namespaces/finalize"}, "update", "patch") {
		permission.Namespaces = own
		all = append(all, permission)
	}
	return all
}

func changingAPIs(*Snapshot) []Permission {
	group := v1alpha1.GroupVersion.Group
	all := named([]string{"mpijobs.kubeflow.org", "projects." + group, "posixidentities." + group},
		permissions("apiextensions.k8s.io", []string{"customresourcedefinitions"}, "update", "patch", "delete", "deletecollection"))
	return append(all, named([]string{"v2beta1.kubeflow.org", v1alpha1.GroupVersion.Version + "." + group},
		permissions("apiregistration.k8s.io", []string{"apiservices"}, writes...))...)
}

func escalations(s *Snapshot) []Permission {
	return append(permissions(rbacGroup, []string{"clusterroles"}, "escalate", "bind"),
		in(union(s.required(), s.entrusted()), permissions(rbacGroup, []string{"roles", "clusterroles"}, "escalate", "bind"))...)
}
