package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/table"
)

// List is runai list jobs.
type List struct {
	AllProjects bool `short:"A" help:"List the jobs of all projects."`
}

// Run prints the table of the original: people parse it.
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
		fmt.Fprintln(run.Stdout, "Showing jobs for project", projects(scope.Namespace))
	}
	return table.Write(run.Stdout, rows(states, projects, time.Now()))
}

// listStates looks for a project's other namespace where it finds nothing.
func listStates(ctx context.Context, client *kube.Client, scope kube.Scope) ([]state, kube.Scope, error) {
	jobs, err := client.Jobs(ctx, scope.Namespace)
	if err == nil && len(jobs) == 0 && scope.IsGuess() {
		if scope, err = client.Lookup(ctx, scope); err == nil {
			jobs, err = client.Jobs(ctx, scope.Namespace)
		} else if kube.IsForbidden(err) {
			err = nil // an ordinary user sees the namespace of her project only, and it is empty
		}
	}
	if err != nil || len(jobs) == 0 {
		return nil, scope, err
	}
	pods, err := client.JobPods(ctx, scope.Namespace, "")
	states := make([]state, 0, len(jobs))
	for i := range jobs {
		states = append(states, newState(&jobs[i], pods))
	}
	return states, scope, err
}

// projectsOf tells the project of a namespace: the one that the user named, else the label's, or what
// the namespace's name says to a user who may not read labels.
func projectsOf(ctx context.Context, client *kube.Client, scope kube.Scope) func(namespace string) string {
	var labels map[string]string
	if scope.Project == "" {
		labels, _ = client.ProjectsByNamespace(ctx, kube.ProjectLabel)
	}
	return func(namespace string) string {
		switch {
		case scope.Project != "":
			return scope.Project
		case labels[namespace] != "":
			return labels[namespace]
		}
		return kube.ProjectOf(namespace)
	}
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
	header := []string{"NAME", "STATUS", "AGE", "NODE", "IMAGE", "TYPE", "PROJECT", "USER", "GPUs Allocated (Requested)", "PODs Running (Pending)", "SERVICE URL(S)"}
	return append([][]string{header}, all...)
}

// age is the time since then, as kubectl writes it.
func age(then metav1.Time, now time.Time) string {
	if then.IsZero() {
		return ""
	}
	return duration.HumanDuration(now.Sub(then.Time))
}
