package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// List is runai list jobs.
type List struct {
	AllProjects bool `short:"A" help:"List the jobs of all projects."`
}

// Run prints the original's table, because scripts parse it.
func (l *List) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	scope := run.Scope(client)
	if l.AllProjects {
		scope = kube.Scope{}
	}
	states, scope, err := listStates(ctx, client, scope)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	projects := projectsOf(ctx, client, scope)
	if l.AllProjects {
		fmt.Fprintln(run.Stdout, "Showing jobs for all projects")
	} else {
		kind, place := placeOf(scope, projects)
		fmt.Fprintln(run.Stdout, "Showing jobs for", kind, place) // for a project, the original's own words
	}
	return table.Write(run.Stdout, rows(states, projects, time.Now()))
}

func rows(states []state, project func(string) string, now time.Time) [][]string {
	all := make([][]string, 0, len(states))
	for _, s := range states {
		all = append(all, []string{
			s.job.Name, s.status(), age(s.job.CreationTimestamp, now), s.node(), s.image(), s.kind(), project(s.job.Namespace), s.user(),
			s.gpus(), fmt.Sprintf("%d (%d)", s.count(corev1.PodRunning), s.count(corev1.PodPending)), "",
		})
	}
	slices.SortFunc(all, func(a, b []string) int {
		return strings.Compare(a[6]+"\x00"+a[0], b[6]+"\x00"+b[0])
	})
	header := []string{"NAME", "STATUS", "AGE", "NODE", "IMAGE", "TYPE", "PROJECT", "USER",
		"GPUs Allocated (Requested)", "PODs Running (Pending)", "SERVICE URL(S)"}
	return append([][]string{header}, all...)
}
