package doctor

import (
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// A permissionCheck looks for everybody who has one of some permissions.
type permissionCheck struct {
	name, about string
	// so says what whoever has them can do.
	so string
	// needs is what else must have been read.
	needs       []Source
	permissions func(*Snapshot) []Permission
}

// rbacSources are those that every check of permissions reads.
var rbacSources = []Source{ClusterRoles, ClusterRoleBindings, Roles, RoleBindings, Namespaces, Projects, Identities, Deployments}

func permissionChecks() []check {
	all := []check{{
		name:   "may-do-everything",
		about:  "who is an administrator of the cluster, and is not in `--administrators`",
		remedy: "remove the binding, or trust them with `--administrators`",
		needs:  rbacSources,
		find:   everything,
	}}
	for _, each := range permissionChecksInOrder() {
		all = append(all, check{
			name: each.name, about: each.about, remedy: "remove the permission, or trust them with `--administrators`", needs: slices.Concat(rbacSources, each.needs),
			find: func(s *Snapshot) []Finding { return each.find(s) },
		})
	}
	return all
}

func permissionChecksInOrder() []permissionCheck {
	return slices.Concat(mayBeOthers(), mayTurnOff(), mayReachIn())
}

func (c permissionCheck) find(s *Snapshot) []Finding {
	var findings []Finding
	holders, has := s.holders(c.permissions(s))
	for i, holder := range holders {
		findings = append(findings, Finding{
			Subject: describe(holder.subject) + " (" + holder.String() + ")",
			Means:   "may " + list(has[i]) + ", and so " + c.so,
			Fix:     holder.remedy(holder.subject), Permissions: texts(has[i]),
		})
	}
	return findings
}

func everything(s *Snapshot) []Finding {
	var findings []Finding
	for _, grant := range s.grants() {
		if !grant.givesEverything() {
			continue
		}
		for _, subject := range grant.subjects {
			if !s.trusts(subject) {
				findings = append(findings, Finding{
					Subject: describe(subject) + " (" + grant.String() + ")",
					Means:   "may do everything, and so can run jobs as anybody and turn off all rules",
					Fix:     grant.remedy(subject),
				})
			}
		}
	}
	return findings
}

// list returns permissions as text: verbs of the same resource together.
func list(all []Permission) string {
	verbs := map[string][]string{}
	var resources []string
	for _, permission := range all {
		resource := strings.TrimPrefix(permission.String(), permission.Verb+" ")
		if _, known := verbs[resource]; !known {
			resources = append(resources, resource)
		}
		if !slices.Contains(verbs[resource], permission.Verb) {
			verbs[resource] = append(verbs[resource], permission.Verb)
		}
	}
	byVerbs := map[string][]string{}
	var order []string
	for _, resource := range resources {
		joined := enumerate(verbs[resource])
		if _, known := byVerbs[joined]; !known {
			order = append(order, joined)
		}
		byVerbs[joined] = append(byVerbs[joined], resource)
	}
	var parts []string
	for _, joined := range order {
		parts = append(parts, joined+" "+enumerate(byVerbs[joined]))
	}
	return strings.Join(parts, "; ")
}

// texts returns each permission once, sorted.
func texts(all []Permission) []string {
	var texts []string
	for _, permission := range all {
		texts = append(texts, permission.String())
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// enumerate returns, for example, "a, b and c".
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Dangerous returns every permission that a check looks for, by the name of the check.
func (s *Snapshot) Dangerous() map[string][]Permission {
	all := map[string][]Permission{}
	for _, each := range permissionChecksInOrder() {
		all[each.name] = each.permissions(s)
	}
	return all
}

// union returns the members of both sets.
func union(a, b map[string]bool) map[string]bool {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

var writes = []string{"create", "update", "patch", "delete", "deletecollection"}

var changes = []string{"create", "update", "patch"}

const (
	rbacGroup           = rbacv1.GroupName
	authenticationGroup = "authentication.k8s.io"
	admissionGroup      = "admissionregistration.k8s.io"
	certificatesGroup   = "certificates.k8s.io"
	certManagerGroup    = "cert-manager.io"
)
