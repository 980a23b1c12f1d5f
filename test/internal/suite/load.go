package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Load creates jobs at a fixed rate, as many people do: none waits for another's answer. Their client tries again
// only where client-go does so by itself. What happens is counted by the phase in which a creation began.
type Load struct {
	client  client.Client
	job     func() *v2beta1.MPIJob
	options []client.CreateOption

	intervals chan time.Duration
	stop      context.CancelFunc
	running   sync.WaitGroup

	mutex  sync.Mutex
	phases []*Phase
}

// StartLoad creates jobs, which need generated names unless the options make it a dry run, in the phase "before"
// until Stop.
func (p *Product) StartLoad(t testing.TB, perSecond int, job func() *v2beta1.MPIJob, options ...client.CreateOption) *Load {
	t.Helper()
	config := rest.CopyConfig(p.Config)
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	config.Wrap(countAnswers)
	counting, err := client.New(config, client.Options{Scheme: p.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	l := &Load{client: counting, job: job, options: options, intervals: make(chan time.Duration)}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	l.stop = stop
	l.phases = []*Phase{{Name: "before", began: time.Now()}}
	l.running.Go(func() { l.run(ctx, interval(perSecond)) })
	t.Cleanup(l.Stop)
	return l
}

func interval(perSecond int) time.Duration { return time.Second / time.Duration(perSecond) }

func (l *Load) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case every := <-l.intervals:
			ticker.Reset(every)
		case <-ticker.C:
			l.running.Go(func() { l.create(context.WithoutCancel(ctx)) })
		}
	}
}

func (l *Load) create(ctx context.Context) {
	phase := l.current()
	phase.begin()
	phase.end(l.client.Create(context.WithValue(ctx, phaseKey{}, phase), l.job(), l.options...))
}

func (l *Load) current() *Phase {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.phases[len(l.phases)-1]
}

// Enter begins a phase.
func (l *Load) Enter(phase string, perSecond int) {
	l.mutex.Lock()
	l.phases = append(l.phases, &Phase{Name: phase, began: time.Now()})
	l.mutex.Unlock()
	l.intervals <- interval(perSecond)
}

// Await waits until some jobs have been created that belong to the phase.
func (l *Load) Await(t testing.TB, atLeast int) {
	t.Helper()
	phase := l.current()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if phase.Created() >= atLeast {
			return
		}
	}
	t.Fatalf("too few jobs are created: %s", l)
}

// Settle waits until the creations of earlier phases have been answered.
func (l *Load) Settle(t testing.TB) {
	t.Helper()
	phases := l.Phases()
	for _, phase := range phases[:len(phases)-1] {
		Eventually(t, "earlier creations are answered", Soon, phase.settled)
	}
}

// Stop ends the load, and waits for the last answers.
func (l *Load) Stop() {
	l.stop()
	l.running.Wait()
}

// Phase returns what happened in a phase.
func (l *Load) Phase(name string) *Phase {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, phase := range l.phases {
		if phase.Name == name {
			return phase
		}
	}
	return &Phase{Name: name}
}

// Phases returns all phases, in order.
func (l *Load) Phases() []*Phase {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.phases)
}

// Failures returns the errors of the phases.
func (l *Load) Failures(phases ...string) []error {
	var all []error
	for _, name := range phases {
		all = append(all, l.Phase(name).Failures()...)
	}
	return all
}

// NoFailures asserts that no creation failed that began in one of the phases.
func (l *Load) NoFailures(t testing.TB, phases ...string) {
	t.Helper()
	for _, name := range phases {
		if failures := l.Phase(name).Failures(); len(failures) > 0 {
			t.Errorf("%s: %d creations failed, the first: %s", name, len(failures), failures[0])
		}
	}
}

// String returns the figures of each phase.
func (l *Load) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var texts []string
	for i, phase := range l.phases {
		end := time.Now()
		if i+1 < len(l.phases) {
			end = l.phases[i+1].began
		}
		texts = append(texts, fmt.Sprintf("%s for %.1f s", phase, end.Sub(phase.began).Seconds()))
	}
	return strings.Join(texts, "; ")
}
