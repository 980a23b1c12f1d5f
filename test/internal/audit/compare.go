package audit

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Exact returns an error unless the requests need each permission in the rules of a role, and only the expected ones
// go beyond them, in the order of the alphabet.
func Exact(rules []rbacv1.PolicyRule, requests []Request, expected ...string) error {
	unused, beyond := Compare(rules, requests)
	if len(unused) > 0 {
		return fmt.Errorf("the permissions %q are not used", unused)
	}
	if !slices.Equal(beyond, expected) {
		return fmt.Errorf("the requests %q go beyond the role, want %q", beyond, expected)
	}
	return nil
}

// Compare returns the permissions in the rules of a role that no request needed, and the requests that no rule
// allows. A wildcard in a rule is never needed.
func Compare(rules []rbacv1.PolicyRule, requests []Request) (unused, beyond []string) {
	granted := permissions(rules)
	for _, permission := range granted {
		if !slices.ContainsFunc(requests, permission.allows) {
			text := permission.String()
			if permission.Name != "" {
				text += " " + permission.Name
			}
			unused = append(unused, text)
		}
	}
	for _, request := range requests {
		allowed := slices.ContainsFunc(granted, func(p permission) bool { return p.allows(request) })
		if text := request.String(); !allowed && !slices.Contains(beyond, text) {
			beyond = append(beyond, text)
		}
	}
	slices.Sort(beyond)
	return unused, beyond
}

// A permission is a rule for one verb and one resource, and one name if the rule has names.
type permission struct{ Request }

func (p permission) allows(request Request) bool {
	return p.String() == request.String() && (p.Name == "" || p.Name == request.Name)
}

func permissions(rules []rbacv1.PolicyRule) []permission {
	var all []permission
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, permission{Request{verb, group, resource, name}})
					}
				}
			}
		}
	}
	return all
}
