// Package projects has the commands that list projects and set the default project.
package projects

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// List is runai list projects.
type List struct {
	Output output.Format `short:"o" formats:"name,wide,yaml,json" placeholder:"FORMAT" help:"Print more columns (wide), or the projects as stored in the cluster: name, yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o wide"`
}

// Help returns examples.
func (*List) Help() string {
	return `Examples:

    runai list projects
    runai list projects -o name`
}

// Run prints the original's table, because scripts parse it. Columns that have no value here are a hyphen:
// the department, the quota and the time limit.
func (l *List) Run(ctx context.Context, run *invocation.Invocation) error {
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
	slices.SortFunc(all, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	if !l.Output.IsTable() {
		return output.PrintList(run, l.Output, all)
	}
	rows, err := rowsOf(all, client.ProjectOfNamespace(ctx, client.Namespace), l.Output == output.Wide)
	if err != nil {
		return invocation.Failure{err.Error()}
	}
	return table.Write(run.Stdout, rows)
}

// rowsOf returns a row for each project, below the original's header. Wide rows have more columns after it.
func rowsOf(projects []*unstructured.Unstructured, current string, wide bool) ([][]string, error) {
	header := []string{"PROJECT", "DEPARTMENT", "DESERVED GPUs", "INT LIMIT", "INT AFFINITY", "TRAIN AFFINITY"}
	if wide {
		header = append(header, "QUEUE", "IDENTITY")
	}
	rows := [][]string{header}
	for _, object := range projects {
		var project v1alpha1.Project
		if err := kube.Decode(object, &project); err != nil {
			return nil, err
		}
		name := project.Name
		if name == current {
			name += " (default)"
		}
		affinity := project.Spec.NodeAffinity
		row := []string{name, "", "", "", orHyphen(affinity.Interactive), orHyphen(affinity.Train)}
		if wide {
			row = append(row, cmp.Or(project.Spec.Queue, project.Name), string(cmp.Or(project.Spec.Identity, v1alpha1.IdentityOptional)))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func orHyphen(types []string) string {
	if len(types) == 0 {
		return "-"
	}
	return strings.Join(types, ";")
}
