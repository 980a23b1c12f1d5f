package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Scope is the project and the namespace that a command addresses. The zero value is all of them.
type Scope struct {
	// Project is the one that the user named, or "".
	Project string
	// Namespace is the one that the user named, or where the project is looked for first.
	Namespace string
	// Named is true if the user named the namespace.
	Named bool
}

// ScopeOf returns the scope that the user named, or the context's. A project's namespace is the
// context's if that bears its name, else runai-<project>: no server is asked.
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

// IsGuess is true where the project may have another namespace.
func (s Scope) IsGuess() bool { return s.Project != "" && !s.Named }

// Flags name the scope in a further command, with a space before them.
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

// Lookup finds the namespace of a project that does not bear its name, by the label.
func (c *Client) Lookup(ctx context.Context, scope Scope) (Scope, error) {
	found, err := c.ProjectsByNamespace(ctx, ProjectLabel+"="+scope.Project)
	if err != nil {
		return scope, err
	}
	names := slices.Sorted(maps.Keys(found))
	switch len(names) {
	case 0:
		return scope, fmt.Errorf("--project %s was not found: no namespace has the label %s=%s; see runai list projects",
			scope.Project, ProjectLabel, scope.Project)
	case 1:
		scope.Namespace = names[0]
		return scope, nil
	}
	return scope, fmt.Errorf("--project %s has the namespaces %s: write one of them with -n", scope.Project, strings.Join(names, ", "))
}
