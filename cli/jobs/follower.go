package jobs

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/progress"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

const (
	eventsPause = 10 * time.Second // between two readings of the events, which explain why a job waits
	eventsTime  = 5 * time.Second  // for one reading
)

// A follower watches a job. While a command waits, the status line says what for.
type follower struct {
	run    *invocation.Invocation
	client *kube.Client
	watch  *kube.Watch
	line   *progress.Line
	job    types.NamespacedName
	uid    types.UID

	events     []corev1.Event
	eventsRead time.Time
}

// follow watches a job until the context ends.
func follow(ctx context.Context, run *invocation.Invocation, client *kube.Client, job *v2beta1.MPIJob) *follower {
	return newFollower(run, client, client.WatchJob(ctx, job.Namespace, job.Name), job)
}

func newFollower(run *invocation.Invocation, client *kube.Client, watch *kube.Watch, job *v2beta1.MPIJob) *follower {
	return &follower{
		run: run, client: client, watch: watch, line: run.StatusLine(),
		job: types.NamespacedName{Namespace: job.Namespace, Name: job.Name}, uid: job.UID,
	}
}

// until returns the job as soon as a condition holds. Its errors are ready to print. The status line shows what
// waiting returns, or why the job does not run if that is "".
func (f *follower) until(
	ctx context.Context, condition func(state.Job) bool, waiting func(state.Job) string,
) (state.Job, error) {
	defer f.line.Clear()
	for {
		next := f.watch.Next()
		s, known, err := f.state()
		if err != nil || known && condition(s) {
			return s, err
		}
		f.line.Show(f.status(ctx, s, known, waiting))
		timer := time.NewTimer(eventsPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return s, invocation.Failed(f.client.Explain(context.Cause(ctx)))
		case <-next:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// state returns the job, and whether it is known yet. It returns an error if the job was deleted or cannot be watched.
func (f *follower) state() (s state.Job, known bool, err error) {
	if err := f.watch.Err(); err != nil {
		return s, false, invocation.Failed(f.client.Explain(err))
	}
	if !f.watch.IsComplete() {
		return s, false, nil
	}
	for _, job := range f.watch.Jobs() {
		if job.UID == f.uid {
			s = state.New(job, f.pods())
			s.Flags = f.run.Scope(f.client).Flags()
			return s, true, nil
		}
	}
	return s, false, invocation.Failure{fmt.Sprintf("job %q was deleted", f.job.Name)}
}

func (f *follower) pods() []corev1.Pod {
	watched := f.watch.Pods()
	pods := make([]corev1.Pod, 0, len(watched))
	for _, pod := range watched {
		pods = append(pods, *pod)
	}
	return pods
}

// status returns the text of the status line.
func (f *follower) status(ctx context.Context, s state.Job, known bool, waiting func(state.Job) string) string {
	if trouble := f.watch.Trouble(); trouble != "" {
		return trouble
	}
	if !known {
		return fmt.Sprintf("waiting for the API server to return job %q", f.job.Name)
	}
	if waiting != nil {
		if text := waiting(s); text != "" {
			return text
		}
	}
	if sentence := f.diagnose(ctx, s); sentence != "" {
		return sentence
	}
	return fmt.Sprintf("%s: waiting for job %q", s.Status(), f.job.Name)
}

// diagnose says why the job is not running, "" if it is. It reads the events now and then.
func (f *follower) diagnose(ctx context.Context, s state.Job) string {
	if time.Since(f.eventsRead) >= eventsPause {
		ctx, cancel := context.WithTimeout(ctx, eventsTime)
		defer cancel()
		if events, err := f.client.Events(ctx, f.job.Namespace); err == nil { // without them the sentence says less
			f.events = events
		}
		f.eventsRead = time.Now()
	}
	return s.Diagnose(s.EventsOf(f.events))
}

// refreshed returns the job with its pods as they are now: the copy may have the end of a job, but not yet that of its
// pods.
func (f *follower) refreshed(ctx context.Context, s state.Job) (state.Job, error) {
	pods, err := f.client.JobPods(ctx, f.job.Namespace, f.job.Name)
	if err != nil {
		return s, invocation.Failed(f.client.Explain(err))
	}
	fresh := state.New(s.MPIJob, pods)
	fresh.Flags = s.Flags
	return fresh, nil
}

func launcherHasStarted(s state.Job) bool {
	launcher := s.Launcher()
	return launcher != nil && state.HasStarted(*launcher)
}

// result returns an error if the job failed.
func (f *follower) result(ctx context.Context, s state.Job) error {
	f.eventsRead = time.Time{}
	if sentence := f.diagnose(ctx, s); sentence != "" {
		return invocation.Failure{sentence}
	}
	return nil
}

// copyLog prints the log of a container.
func copyLog(ctx context.Context, client *kube.Client, pod corev1.Pod, options kube.LogOptions, output io.Writer) error {
	log, err := client.Logs(ctx, pod.Namespace, pod.Name, options)
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	defer log.Close()
	if _, err := io.Copy(output, log); err != nil {
		return invocation.Failure{"the output was cut off: " + client.Explain(err)}
	}
	return nil
}
