package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// changesPause is how long changes are collected: a job that starts changes many times in a second.
const changesPause = 100 * time.Millisecond

// watch prints the jobs, and those that change, until it is interrupted.
func (l *List) watch(ctx context.Context, run *invocation.Invocation, client *kube.Client, scope kube.Scope) error {
	w := client.WatchJobs(ctx, scope.Namespace)
	show := l.showObjects(run)
	if l.Output.IsTable() {
		projects := projectsOf(ctx, client, scope)
		l.printTitle(run, scope, projects)
		show = l.showRows(run, projects)
	}
	line := run.StatusLine()
	defer line.Clear()
	for {
		next := w.Next()
		if err := w.Err(); err != nil {
			return invocation.Failed(client.Explain(err))
		}
		if w.IsComplete() {
			if err := show(w); err != nil {
				return err
			}
		}
		switch trouble := w.Trouble(); {
		case trouble != "":
			line.Show(trouble)
		case !w.IsComplete():
			line.Show("waiting for the API server to return the jobs")
		default:
			line.Clear()
		}
		for _, change := range []<-chan struct{}{next, after(ctx, changesPause)} {
			select {
			case <-ctx.Done():
				return invocation.Failed(client.Explain(ctx.Err()))
			case <-change:
			}
		}
	}
}

// after returns a channel that is closed after a while.
func after(ctx context.Context, pause time.Duration) <-chan struct{} {
	waiting, cancel := context.WithTimeout(ctx, pause)
	context.AfterFunc(waiting, cancel)
	return waiting.Done()
}

// showRows returns a function that prints the rows of the table that have changed since its last call, below one
// header. The age of a job does not count as a change.
func (l *List) showRows(run *invocation.Invocation, projects func(string) string) func(*kube.Watch) error {
	columns := state.GrowingRows(run.Stdout)
	rows, versions, isFirst := map[string][]string{}, map[string]string{}, true
	return func(w *kube.Watch) error {
		var changed [][]string
		if isFirst {
			isFirst = false
			changed = state.Rows(nil, projects, time.Now(), l.Output == output.Wide)
		}
		jobs := byName(w)
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			if _, present := jobs[name]; !present {
				changed = append(changed, replacedAt(rows[name], state.StatusColumn, state.Deleted))
				delete(rows, name)
				delete(versions, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(jobs)) {
			if jobs[name].version() == versions[name] {
				continue
			}
			versions[name] = jobs[name].version()
			row := state.Rows([]state.Job{jobs[name].state()}, projects, time.Now(), l.Output == output.Wide)[1]
			if !slices.Equal(withoutAge(row), withoutAge(rows[name])) {
				changed = append(changed, row)
				rows[name] = row
			}
		}
		return columns.Write(changed)
	}
}

const ageColumn = 2 // of the table

func withoutAge(row []string) []string {
	if row == nil {
		return nil
	}
	return replacedAt(row, ageColumn, "")
}

func replacedAt(row []string, column int, text string) []string {
	row = slices.Clone(row)
	row[column] = text
	return row
}

// showObjects returns a function that prints the jobs that have changed since its last call, in the format of the flag.
func (l *List) showObjects(run *invocation.Invocation) func(*kube.Watch) error {
	versions, isFirst := map[string]string{}, true
	return func(w *kube.Watch) error {
		for _, object := range w.Objects() {
			name := object.GetNamespace() + "/" + object.GetName()
			if versions[name] == object.GetResourceVersion() {
				continue
			}
			versions[name] = object.GetResourceVersion()
			if l.Output == "yaml" && !isFirst {
				fmt.Fprintln(run.Stdout, "---")
			}
			isFirst = false
			if err := output.Print(run, l.Output, object); err != nil {
				return err
			}
		}
		return nil
	}
}

// A watchedJob is a job and its pods.
type watchedJob struct {
	job  *v2beta1.MPIJob
	pods []*corev1.Pod
}

// byName returns the jobs of a watch by namespace and name.
func byName(w *kube.Watch) map[string]watchedJob {
	jobs := map[string]watchedJob{}
	for _, job := range w.Jobs() {
		jobs[job.Namespace+"/"+job.Name] = watchedJob{job: job}
	}
	for _, pod := range w.Pods() {
		name := pod.Namespace + "/" + pod.Labels[v2beta1.JobNameLabel]
		if job, present := jobs[name]; present {
			job.pods = append(job.pods, pod)
			jobs[name] = job
		}
	}
	return jobs
}

func (j watchedJob) state() state.Job {
	pods := make([]corev1.Pod, 0, len(j.pods))
	for _, pod := range j.pods {
		pods = append(pods, *pod)
	}
	return state.New(j.job, pods)
}

// version returns what changes with the job and with each pod.
func (j watchedJob) version() string {
	versions := []string{j.job.ResourceVersion}
	for _, pod := range j.pods {
		versions = append(versions, pod.ResourceVersion)
	}
	slices.Sort(versions[1:])
	return strings.Join(versions, " ")
}
