package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// A Scope is the project and the namespace of a command. The zero value is all projects.
type Scope struct {
	// Project is the project that the user set, or "".
	Project string
	// Namespace is the namespace that the user set, or the likely one of the project.
	Namespace string
	// Named is true if the user set the namespace.
	Named bool
}

// ScopeOf returns the scope that the user set, or the context's. The likely namespace of a project is the
// context's if it is named after the project, else runai-<project>. It sends no request.
func ScopeOf(project, namespace, contextNamespace string) Scope {
	scope := Scope{Project: project, Namespace: namespace, Named: namespace != ""}
	switch {
	case scope.Named:
	case project == "" || contextNamespace == project || contextNamespace == namespacePrefix+project:
		scope.Namespace = contextNamespace
	default:
		scope.Namespace = namespacePrefix + project
	}
	return scope
}

// IsGuess reports whether the project may have another namespace.
func (s Scope) IsGuess() bool { return s.Project != "" && !s.Named }

// Flags returns the flags that set the scope in another command, with a space before each.
func (s Scope) Flags() string {
	flags := ""
	if s.Project != "" {
		flags += " -p " + s.Project
	}
	if s.Named {
		flags += " -n " + s.Namespace
	}
	return flags
}

// SetProject is what to do in a namespace that does not belong to a project.
const SetProject = "set the project with -p or 'runai config project' (see 'runai list projects')"

// Unhandled returns why no webhook handles the jobs of the scope, what that means, and the remedy.
func (s Scope) Unhandled(consequence string) string {
	remedy := SetProject + ", or "
	if s.Project != "" {
		remedy = ""
	}
	return fmt.Sprintf("namespace %s does not belong to a project, so no webhook handles its jobs%s; "+
		"%sask your administrator to check the namespace's label %s and the webhook", s.Namespace, consequence, remedy, ProjectLabel)
}

// Lookup finds the namespace of a project by the label. For a user who is not allowed to list namespaces, it
// returns the likely one if its label names the project.
func (c *Client) Lookup(ctx context.Context, scope Scope) (Scope, error) {
	found, err := c.ProjectsByNamespace(ctx, ProjectLabel) // all of them, for the suggestion
	if IsForbidden(err) && c.labelOf(ctx, scope.Namespace) == scope.Project {
		return scope, nil
	}
	if err != nil {
		return scope, err
	}
	var names []string
	for _, namespace := range slices.Sorted(maps.Keys(found)) {
		if found[namespace] == scope.Project {
			names = append(names, namespace)
		}
	}
	switch len(names) {
	case 0:
		hint := ""
		if nearest := suggest.Nearest(scope.Project, slices.Sorted(maps.Values(found))); nearest != "" {
			hint = fmt.Sprintf("\nDid you mean %q?", nearest)
		}
		return scope, fmt.Errorf("project %q not found: no namespace has the label %s=%s; see 'runai list projects'%s",
			scope.Project, ProjectLabel, scope.Project, hint)
	case 1:
		scope.Namespace = names[0]
		return scope, nil
	}
	return scope, fmt.Errorf("project %q has the namespaces %s: select one with -n", scope.Project, strings.Join(names, ", "))
}
