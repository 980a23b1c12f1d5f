package jobs

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// A target is a container whose log is followed.
type target struct {
	pod       corev1.Pod
	container string
	isNew     bool // the log began after the command: all of it is printed
}

// streams follow the logs of a job, over broken connections, until their pods have ended.
type streams struct {
	*follower
	targets func(state.Job) []target // in this order
	isLast  func(state.Job) bool     // there will be no other targets
	output  func(target) io.WriteCloser
	options kube.LogOptions
	limit   int // of logs that are followed at the same time

	isBegun bool // the first logs have been started
	started map[types.UID]bool
	active  int
	reports chan report
	trouble map[types.UID]string
}

// A report of one log: it has ended, or it is tried again.
type report struct {
	target
	ended   bool
	err     error
	trouble string
}

// follow prints the logs until there are no more. It returns the job, and whether there was a log.
func (s *streams) follow(ctx context.Context) (job state.Job, found bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	defer s.line.Clear()
	s.started, s.trouble, s.reports = map[types.UID]bool{}, map[types.UID]string{}, make(chan report)
	for {
		next := s.watch.Next()
		job, known, err := s.state()
		if err != nil {
			return job, len(s.started) > 0, err
		}
		if known {
			if s.active == 0 && s.isLast(job) {
				if job, err = s.refreshed(ctx, job); err != nil {
					return job, len(s.started) > 0, err
				}
			}
			s.start(ctx, job, &reading)
			if s.active == 0 && s.isLast(job) {
				return job, len(s.started) > 0, nil
			}
		}
		s.show(ctx, job, known)
		if err := s.wait(ctx, next); err != nil {
			return job, len(s.started) > 0, err
		}
	}
}

// start starts to read the logs that are there.
func (s *streams) start(ctx context.Context, job state.Job, reading *sync.WaitGroup) {
	defer func() { s.isBegun = true }()
	for _, t := range s.targets(job) {
		if s.active >= s.limit {
			return
		}
		if s.started[t.pod.UID] || !state.HasContainerStarted(t.pod, t.container) {
			continue
		}
		t.isNew = s.isBegun
		s.started[t.pod.UID] = true
		s.active++
		reading.Go(func() {
			err := s.read(ctx, t)
			s.report(ctx, report{target: t, ended: true, err: err})
		})
	}
}

func (s *streams) report(ctx context.Context, r report) {
	select {
	case s.reports <- r:
	case <-ctx.Done():
	}
}

// show says what the command waits for, if anything.
func (s *streams) show(ctx context.Context, job state.Job, known bool) {
	if trouble := s.watch.Trouble(); trouble != "" {
		s.line.Show(trouble)
		return
	}
	for _, trouble := range s.trouble {
		s.line.Show(trouble)
		return
	}
	if s.active == 0 {
		s.line.Show(s.status(ctx, job, known, nil))
		return
	}
	if s.limit == 1 {
		for _, t := range s.targets(job) {
			if why := state.WhyContainerWaits(t.pod, t.container); why != "" && s.started[t.pod.UID] {
				s.line.Show(fmt.Sprintf("container %s of pod %s is waiting: %s", t.container, t.pod.Name, why))
				return
			}
		}
	}
	s.line.Clear()
}

// wait waits for a change or a report.
func (s *streams) wait(ctx context.Context, next <-chan struct{}) error {
	timer := time.NewTimer(eventsPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return invocation.Failed(s.client.Explain(ctx.Err()))
	case <-next:
	case <-timer.C:
	case r := <-s.reports:
		delete(s.trouble, r.pod.UID)
		if r.trouble != "" {
			s.trouble[r.pod.UID] = r.trouble
		}
		if r.ended {
			s.active--
		}
		return r.err
	}
	return nil
}

// now returns what the copy has of a pod, or nil if it was deleted or replaced.
func (s *streams) now(t target) *corev1.Pod {
	pods := s.watch.Pods()
	i := slices.IndexFunc(pods, func(pod *corev1.Pod) bool { return pod.UID == t.pod.UID })
	if i < 0 {
		return nil
	}
	return pods[i]
}

// isOver reports whether a log is complete.
func (s *streams) isOver(t target) bool {
	pod := s.now(t)
	return pod == nil || state.IsContainerOver(*pod, t.container)
}
