// Package projects has the commands that show projects and choose one.
package projects

import (
	"context"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/table"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// List is runai list projects.
type List struct{}

// Run prints the table of the original: people parse it. What this system does not know of a project,
// its department, quota and time limit, is a hyphen.
func (*List) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	all, err := client.Projects(ctx)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	slices.SortFunc(all, func(a, b v1alpha1.Project) int { return strings.Compare(a.Name, b.Name) })
	current := client.ProjectOfContext(ctx)
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
