package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/podlog"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// resume is how soon a log is read again after a break.
var resume = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 3 * time.Second}

const mostMissing = 4 // times in which a log is missing, before it is believed

const resumeReset = 10 * time.Second // of the pauses, after a log was read for so long

// read prints one log. It is complete if it was read to its end after the container had ended: a connection may also
// end like a log does.
func (s *streams) read(ctx context.Context, t target) error {
	output := s.output(t)
	defer output.Close()
	position := podlog.NewPosition(output, s.options.Timestamps)
	pause, health := resume.DelayWithReset(clock.RealClock{}, resumeReset), kube.Health{}
	for isTroubled, worked, missing := false, false, 0; ; {
		wasOver := s.isOver(t)
		opened, err := s.readOnce(ctx, t, position, func() {
			if isTroubled {
				isTroubled = false
				s.report(ctx, report{target: t})
			}
		})
		_, hopeless := health.Observe(opened, time.Now())
		hopeless = hopeless || !worked && kube.IsServerError(opened) // as in kubectl: the node may be lost
		worked = worked || opened == nil
		if kube.IsMissing(opened) { // the pod, which the copy may not know yet, or its node
			missing++
			hopeless = missing > mostMissing
		}
		var output podlog.WriteError
		switch {
		case ctx.Err() != nil, kube.IsMissing(opened) && s.now(t) == nil, opened == nil && err == nil && wasOver:
			return nil
		case errors.As(err, &output):
			return invocation.Failure{"cannot write the output: " + output.Error()}
		case hopeless:
			return invocation.Failed(s.client.Explain(opened))
		case opened != nil:
			isTroubled = true
			s.report(ctx, report{target: t, trouble: fmt.Sprintf("pod %s: %s; trying again", t.pod.Name, s.client.ExplainTrouble(opened))})
		}
		s.pause(ctx, t, pause(), opened != nil || err != nil)
	}
}

// readOnce reads a log until it ends or the connection breaks. The first error is that of the request.
func (s *streams) readOnce(ctx context.Context, t target, position *podlog.Position, isOpen func()) (opened, err error) {
	options := s.options
	options.Container, options.Follow, options.Timestamps = t.container, true, true
	if since := position.Since(); since != nil || t.isNew {
		options.SinceTime, options.Since, options.Tail = since, nil, nil
	}
	log, err := s.client.Logs(ctx, t.pod.Namespace, t.pod.Name, options)
	if err != nil {
		return err, nil
	}
	defer log.Close()
	isOpen()
	return nil, position.Copy(log)
}

// pause waits before a log is read again. If the log has ended, it waits until the container has ended or runs again.
func (s *streams) pause(ctx context.Context, t target, least time.Duration, isBroken bool) {
	timer := time.NewTimer(least)
	defer timer.Stop()
	for elapsed := false; ; {
		next, pod := s.watch.Next(), s.now(t)
		switch {
		case isBroken && elapsed, !isBroken && s.isOver(t):
			return
		case elapsed && pod != nil && state.WhyContainerWaits(*pod, t.container) == "" && !state.HasContainerEnded(*pod, t.container):
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-next:
		case <-timer.C:
			elapsed = true
		}
	}
}
