package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	rbacv1 "k8s.io/api/rbac/v1"
)

// A Grant is a binding that gives subjects rules.
type grant struct {
	kind, namespace, name string // of the binding; the namespace is "" for a ClusterRoleBinding
	role                  rbacv1.RoleRef
	rules                 []rbacv1.PolicyRule
	subjects              []rbacv1.Subject
}

// grants returns all bindings with the rules of their roles. A binding of a role that does not exist gives nothing.
func (s *Snapshot) grants() []grant {
	clusterRoles := map[string][]rbacv1.PolicyRule{}
	for _, role := range s.ClusterRoles {
		clusterRoles[role.Name] = role.Rules
	}
	roles := map[[2]string][]rbacv1.PolicyRule{}
	for _, role := range s.Roles {
		roles[[2]string{role.Namespace, role.Name}] = role.Rules
	}
	var all []grant
	for _, binding := range s.ClusterRoleBindings {
		all = append(all, grant{"ClusterRoleBinding", "", binding.Name, binding.RoleRef, clusterRoles[binding.RoleRef.Name], binding.Subjects})
	}
	for _, binding := range s.RoleBindings {
		rules := clusterRoles[binding.RoleRef.Name]
		if binding.RoleRef.Kind == "Role" {
			rules = roles[[2]string{binding.Namespace, binding.RoleRef.Name}]
		}
		all = append(all, grant{"RoleBinding", binding.Namespace, binding.Name, binding.RoleRef, rules, binding.Subjects})
	}
	return all
}

// gives reports whether the binding gives a permission: in all namespaces, or in its own.
func (g grant) gives(permission Permission) bool {
	switch {
	case g.namespace == "" && permission.Namespaced && len(permission.Namespaces) == 0:
		return false
	case g.namespace != "" && !permission.Namespaces[g.namespace]:
		return false
	}
	return permission.allowedBy(g.rules)
}

// givesEverything reports whether the binding makes its subjects administrators of the cluster.
func (g grant) givesEverything() bool {
	return g.namespace == "" && Permission{Verb: rbacv1.VerbAll, Group: rbacv1.APIGroupAll, Resource: rbacv1.ResourceAll}.allowedBy(g.rules)
}

func (g grant) String() string {
	if g.namespace == "" {
		return fmt.Sprintf("%s %s, %s %s", g.kind, g.name, g.role.Kind, g.role.Name)
	}
	return fmt.Sprintf("%s %s/%s, %s %s", g.kind, g.namespace, g.name, g.role.Kind, g.role.Name)
}

// remedy returns the command that takes the permission from a subject.
func (g grant) remedy(subject rbacv1.Subject) string {
	verb := "edit"
	if len(g.subjects) == 1 {
		verb = "delete"
	}
	command := fmt.Sprintf("kubectl %s clusterrolebinding %s", verb, word(g.name))
	if g.namespace != "" {
		command = fmt.Sprintf("kubectl %s rolebinding -n %s %s", verb, g.namespace, word(g.name))
	}
	if verb == "edit" {
		command += " # and remove the subject,"
	} else {
		command += " #"
	}
	return fmt.Sprintf("%s or trust it: --administrators=%s", command, word(usernameOf(subject, g.namespace)))
}

// plain are the words that a shell takes as they are.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@+,-]+$`)

// word returns a text as one word of a shell: names of roles, bindings and subjects can have any characters, also those
// that end a command.
func word(text string) string {
	if plain.MatchString(text) {
		return text
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "$'" + strings.ReplaceAll(strings.Trim(strconv.Quote(text), `"`), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// usernameOf returns a subject as the API server authenticates it.
func usernameOf(subject rbacv1.Subject, namespace string) string {
	if subject.Kind != rbacv1.ServiceAccountKind {
		return subject.Name
	}
	if subject.Namespace != "" {
		namespace = subject.Namespace
	}
	return "system:serviceaccount:" + namespace + ":" + subject.Name
}

func describe(subject rbacv1.Subject) string {
	if subject.Kind == rbacv1.ServiceAccountKind {
		return fmt.Sprintf("ServiceAccount %s/%s", subject.Namespace, subject.Name)
	}
	return subject.Kind + " " + subject.Name
}

// A Holding is what a binding gives one subject.
type holding struct {
	grant
	subject rbacv1.Subject
}

// holders returns who has at least one of the permissions, except trusted ones, and which they have.
func (s *Snapshot) holders(all []Permission) (holders []holding, has [][]Permission) {
	for _, grant := range s.grants() {
		untrusted := slices.DeleteFunc(slices.Clone(grant.subjects), func(subject rbacv1.Subject) bool { return s.trusts(subject) })
		if len(untrusted) == 0 || grant.givesEverything() {
			continue
		}
		var given []Permission
		for _, permission := range all {
			if grant.gives(permission) {
				given = append(given, permission)
			}
		}
		for _, subject := range untrusted {
			if len(given) > 0 {
				holders, has = append(holders, holding{grant, subject}), append(has, given)
			}
		}
	}
	return holders, has
}
