package doctor

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// A Permission is one that lets somebody run as another user, or turn off what prevents it.
type Permission struct {
	Verb, Group string
	// Resource is the resource, with a subresource after a slash.
	Resource string
	// Names are the objects that matter, in the name of the request. Default: any.
	Names []string
	// Namespaces are those that matter. Nil: the resource has no namespaces.
	Namespaces map[string]bool
	// Namespaced is set if only requests in Namespaces matter.
	Namespaced bool
}

// String returns, for example, "create pods/exec".
func (p Permission) String() string {
	resource := p.Resource
	if p.Group != "" {
		base, sub, has := strings.Cut(resource, "/")
		resource = base + "." + p.Group
		if has {
			resource += "/" + sub
		}
	}
	return p.Verb + " " + resource
}

// permissions returns a permission for each verb and resource. A resource is written RESOURCE, or RESOURCE.GROUP.
func permissions(group string, resources []string, verbs ...string) []Permission {
	var all []Permission
	for _, resource := range resources {
		for _, verb := range verbs {
			all = append(all, Permission{Verb: verb, Group: group, Resource: resource})
		}
	}
	return all
}

// in restricts permissions to requests in namespaces.
func in(namespaces map[string]bool, all ...[]Permission) []Permission {
	restricted := slices.Concat(all...)
	for i := range restricted {
		restricted[i].Namespaced, restricted[i].Namespaces = true, namespaces
	}
	return restricted
}

// named restricts permissions to requests for objects with these names.
func named(names []string, all ...[]Permission) []Permission {
	restricted := slices.Concat(all...)
	for i := range restricted {
		restricted[i].Names = names
	}
	return restricted
}

// isNameless reports whether requests with the verb name no object, so that a rule with names never allows them.
func (p Permission) isNameless() bool {
	return p.Verb == "deletecollection" || p.Verb == "create" && !strings.Contains(p.Resource, "/")
}

// allowedBy reports whether rules allow the permission, for any object that matters.
func (p Permission) allowedBy(rules []rbacv1.PolicyRule) bool {
	for _, rule := range rules {
		if len(rule.ResourceNames) == 0 {
			if covers(rule, p.rule()) {
				return true
			}
			continue
		}
		if p.isNameless() {
			continue
		}
		for _, name := range rule.ResourceNames {
			if (len(p.Names) == 0 || slices.Contains(p.Names, name)) && covers(rule, p.rule(name)) {
				return true
			}
		}
	}
	return false
}

func (p Permission) rule(names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: []string{p.Verb}, APIGroups: []string{p.Group}, Resources: []string{p.Resource}, ResourceNames: names}
}

func covers(owner, servant rbacv1.PolicyRule) bool {
	all, _ := validation.Covers([]rbacv1.PolicyRule{owner}, []rbacv1.PolicyRule{servant})
	return all
}
