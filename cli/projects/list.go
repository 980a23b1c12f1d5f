// Package projects has the commands that list projects and set the default project.
package projects

import (
	"context"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// List is runai list projects.
type List struct{}

// Run prints the original's table, because scripts parse it. Columns that have no value here are a hyphen:
// the department, the quota and the time limit.
func (*List) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	all, err := client.Projects(ctx)
	if kube.IsForbidden(err) {
		return invocation.Failure{"you are not allowed to read any project: ask your administrator to make you a member of one; " +
			"other commands need only the project's name"}
	}
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	slices.SortFunc(all, func(a, b v1alpha1.Project) int { return strings.Compare(a.Name, b.Name) })
	current := client.ProjectOfNamespace(ctx, client.Namespace)
	rows := [][]string{{"PROJECT", "DEPARTMENT", "DESERVED GPUs", "INT LIMIT", "INT AFFINITY", "TRAIN AFFINITY"}}
	for _, project := range all {
		name := project.Name
		if name == current {
			name += " (default)"
		}
		affinity := project.Spec.NodeAffinity
		rows = append(rows, []string{name, "", "", "", orHyphen(affinity.Interactive), orHyphen(affinity.Train)})
	}
	return table.Write(run.Stdout, rows)
}

func orHyphen(types []string) string {
	if len(types) == 0 {
		return "-"
	}
	return strings.Join(types, ";")
}
