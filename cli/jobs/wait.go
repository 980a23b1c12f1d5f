package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// Wait is runai wait.
type Wait struct {
	Names   []string `arg:"" name:"NAME" complete:"jobs" help:"Names of the jobs."`
	For     string   `default:"finished" placeholder:"STATE" complete:"running,finished,deleted" help:"What to wait for: running, finished or deleted, or kubectl's words condition=Running, condition=Succeeded and delete. Default: finished. Example: --for running"`
	Timeout *string  `placeholder:"DURATION" help:"How long to wait. Default: no limit. Example: --timeout 2h"`
}

// Help returns the description and examples.
func (*Wait) Help() string {
	return `Exits with 0 when all jobs are in that state, and with 1 if a job fails, is deleted or takes longer than --timeout. If a job fails, prints why and the last lines of its output.

Examples:

    runai wait dist1 dist2
    runai wait dist1 --for running --timeout 10m`
}

// A goal is what a command waits for.
type goal struct {
	word    string // of --for
	reached func(state.Job) bool
	met     string // what is said then
}

var (
	finished = goal{"finished", state.Job.IsFinished, "succeeded"}
	running  = goal{"running", func(s state.Job) bool { return launcherHasStarted(s) || s.IsFinished() }, "is running"}
	deleted  = goal{"deleted", func(state.Job) bool { return false }, "is deleted"}
)

// goals are the values of --for, ours and kubectl's.
var goals = map[string]goal{
	"running": running, "condition=Running": running,
	"finished": finished, "condition=Succeeded": finished,
	"deleted": deleted, "delete": deleted,
}

// Run waits for jobs.
func (w *Wait) Run(ctx context.Context, run *invocation.Invocation) error {
	goal, known := goals[w.For]
	timeout, mistakes := Timeout(w.Timeout)
	if !known {
		mistakes = append(invocation.Mistakes{invocation.BadValue("--for", w.For, "must be running, finished or deleted")}, mistakes...)
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	looking, cancel := kube.WithTimeout(ctx, timeout)
	jobs, err := w.find(looking, run, client)
	cancel()
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		return nil
	}
	return newWaiting(ctx, run, client, goal, jobs).wait(ctx, timeout)
}

// find returns the jobs, or why some were not found.
func (w *Wait) find(ctx context.Context, run *invocation.Invocation, client *kube.Client) (jobs []*v2beta1.MPIJob, err error) {
	var failures invocation.Failure
	for _, name := range slices.Compact(slices.Sorted(slices.Values(w.Names))) {
		s, err := findState(ctx, run, client, name)
		if err == nil {
			jobs = append(jobs, s.MPIJob)
			continue
		}
		if missing := (missingError{}); goals[w.For].word == deleted.word && errors.As(err, &missing) {
			run.Note(fmt.Sprintf("job %q does not exist", name)) // deleted already, or misspelt
			continue
		}
		failures = append(failures, invocation.Failed(err.Error())...)
		if ctx.Err() != nil {
			break // each of the others would say the same
		}
	}
	return jobs, failures.OrNil()
}

// Timeout returns the value of --timeout, or 0 for no limit.
func Timeout(text *string) (time.Duration, invocation.Mistakes) {
	if text == nil {
		return 0, nil
	}
	timeout, err := time.ParseDuration(*text)
	if err != nil || timeout <= 0 {
		return 0, invocation.Mistakes{invocation.BadValue("--timeout", *text, "must be a duration above 0, for example 2h")}
	}
	return timeout, nil
}

// WaitForEnd waits until a new job has finished, for the time of --timeout. It returns an error if the job fails.
func WaitForEnd(
	ctx context.Context, run *invocation.Invocation, client *kube.Client, object *unstructured.Unstructured, timeout time.Duration,
) error {
	job := &v2beta1.MPIJob{}
	if err := kube.Decode(object, job); err != nil {
		return invocation.Failure{err.Error()}
	}
	return newWaiting(ctx, run, client, finished, []*v2beta1.MPIJob{job}).wait(ctx, timeout)
}

// A waiting waits for several jobs of one namespace.
type waiting struct {
	goal
	run      *invocation.Invocation
	client   *kube.Client
	watch    *kube.Watch
	pending  []*follower
	total    int
	failures invocation.Failure
}

func newWaiting(
	ctx context.Context, run *invocation.Invocation, client *kube.Client, goal goal, jobs []*v2beta1.MPIJob,
) *waiting {
	w := &waiting{goal: goal, run: run, client: client, total: len(jobs)}
	if len(jobs) == 1 {
		w.watch = client.WatchJob(ctx, jobs[0].Namespace, jobs[0].Name)
	} else {
		w.watch = client.WatchJobs(ctx, jobs[0].Namespace)
	}
	for _, job := range jobs {
		w.pending = append(w.pending, newFollower(run, client, w.watch, job))
	}
	return w
}

// wait returns an error if a job does not reach its goal. The status line says what the first one waits for.
func (w *waiting) wait(ctx context.Context, timeout time.Duration) error {
	line := w.run.StatusLine()
	defer line.Clear()
	var late <-chan time.Time // never, without a limit
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	for {
		next := w.watch.Next()
		if err := w.watch.Err(); err != nil {
			return invocation.Failed(w.client.Explain(err))
		}
		w.pending = slices.DeleteFunc(w.pending, func(f *follower) bool { return w.isDone(ctx, f) })
		if len(w.pending) == 0 {
			return w.failures.OrNil()
		}
		line.Show(w.text(ctx))
		timer := time.NewTimer(eventsPause)
		select {
		case <-ctx.Done():
			return w.interrupted()
		case <-late:
			return w.timedOut(timeout)
		case <-next:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// isDone reports whether there is nothing more to wait for, and says how the job ended.
func (w *waiting) isDone(ctx context.Context, f *follower) bool {
	s, known, err := f.state()
	switch {
	case err != nil && w.word == deleted.word:
		fmt.Fprintf(w.run.Stdout, "Job %s %s.\n", f.job.Name, w.met)
		return true
	case err != nil:
		w.failures = append(w.failures, strings.Split(err.Error(), "\n")...)
		return true
	case !known || !w.reached(s):
		return false
	}
	met := w.met
	if s.IsFinished() {
		met = finished.met
	}
	if s.HasFailed() {
		w.failures = append(w.failures, fmt.Sprintf("job %q failed: %s", f.job.Name, f.failure(ctx, s)))
	} else {
		fmt.Fprintf(w.run.Stdout, "Job %s %s.\n", f.job.Name, met)
	}
	return true
}

// text returns the text of the status line.
func (w *waiting) text(ctx context.Context) string {
	if trouble := w.watch.Trouble(); trouble != "" {
		return trouble
	}
	text := w.pending[0].progress(ctx)
	if w.total > 1 {
		text = fmt.Sprintf("%d of %d jobs are done; %s", w.total-len(w.pending), w.total, text)
	}
	return text
}

func (w *waiting) timedOut(timeout time.Duration) error {
	for _, f := range w.pending {
		w.failures = append(w.failures, fmt.Sprintf("timed out after %s: job %q is not %s: %s",
			timeout, f.job.Name, w.word, f.sentence()))
	}
	return w.failures
}

func (w *waiting) interrupted() error {
	names := make([]string, 0, len(w.pending))
	for _, f := range w.pending {
		names = append(names, f.job.Name)
	}
	what := fmt.Sprintf("job %q was not deleted", names[0])
	if len(names) > 1 {
		what = fmt.Sprintf("%d jobs were not deleted", len(names))
	}
	option := ""
	if w.word != finished.word {
		option = " --for " + w.word
	}
	return append(w.failures, fmt.Sprintf("interrupted: %s; wait again with 'runai wait %s%s%s'",
		what, strings.Join(names, " "), option, w.run.Scope(w.client).Flags()))
}
