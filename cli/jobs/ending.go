package jobs

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

const lastLines = 20 // of the output of a failed job

// failure prints the last lines of a job's output, and returns why the job failed.
func (f *follower) failure(ctx context.Context, s state.Job) string {
	if fresh, err := f.refreshed(ctx, s); err == nil {
		s = fresh
	}
	f.eventsRead = time.Time{}
	why := strings.TrimPrefix(f.diagnose(ctx, s), s.Status()+": ")
	if launcherHasStarted(s) {
		f.printEnd(ctx, s)
	}
	if why == "" { // it is being deleted
		return fmt.Sprintf("its status is %s", s.Status())
	}
	return why
}

// printEnd prints the last lines of the launcher to stderr.
func (f *follower) printEnd(ctx context.Context, s state.Job) {
	var text bytes.Buffer
	tail, launcher := int64(lastLines), *s.Launcher()
	options := kube.LogOptions{Container: launcher.Spec.Containers[0].Name, Tail: &tail}
	if err := copyLog(ctx, f.client, launcher, options, &text); err != nil {
		f.run.Note(fmt.Sprintf("cannot show the last lines of %s: %s", launcher.Name, err))
		return
	}
	if text.Len() == 0 {
		return
	}
	f.run.Note(fmt.Sprintf("Last lines of %s:", launcher.Name))
	if !bytes.HasSuffix(text.Bytes(), []byte("\n")) {
		text.WriteByte('\n')
	}
	_, _ = f.run.JobErrors.Write(text.Bytes()) // as the job printed it
}

// progress describes how far a job is.
func (f *follower) progress(ctx context.Context) string {
	s, known, err := f.state()
	if err != nil || !known {
		return fmt.Sprintf("waiting for the API server to return job %q", f.job.Name)
	}
	f.diagnose(ctx, s)
	return f.job.Name + ": " + f.sentence()
}

// sentence says how far a job is, by the events that were read last.
func (f *follower) sentence() string {
	s, known, err := f.state()
	if err != nil || !known {
		return "its state is unknown"
	}
	pods := fmt.Sprintf("%d of %d pods are running", s.RunningPods(), s.ExpectedPods())
	if why := s.Diagnose(s.EventsOf(f.events)); why != "" {
		return pods + "; " + why
	}
	return s.Status() + ", " + pods
}
