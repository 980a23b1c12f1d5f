package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Lookup finds the namespace of a project by the label.
func (c *Client) Lookup(ctx context.Context, scope Scope) (Scope, error) {
	found, err := c.ProjectsByNamespace(ctx, ProjectLabel+"="+scope.Project)
	if err != nil {
		return scope, err
	}
	names := slices.Sorted(maps.Keys(found))
	switch len(names) {
	case 0:
		return scope, fmt.Errorf("project %q not found: no namespace has the label %s=%s; see 'runai list projects'",
			scope.Project, ProjectLabel, scope.Project)
	case 1:
		scope.Namespace = names[0]
		return scope, nil
	}
	return scope, fmt.Errorf("project %q has the namespaces %s: select one with -n", scope.Project, strings.Join(names, ", "))
}
