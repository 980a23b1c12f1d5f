package replicas

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

const (
	submitters = 8
	busy       = 2                     // of them, during an incident
	pause      = 20 * time.Millisecond // between the submissions of one submitter
)

// A load is submitters who create jobs, without storing them, until it stops. Only a few of them do during an
// incident: connections that stay idle meanwhile must not hurt those who come back later.
type load struct {
	mutex   sync.Mutex
	phase   string
	created map[string]int     // by the phase in which the request began
	failed  map[string][]error // by phase

	stopping chan struct{}
	running  sync.WaitGroup
}

func startLoad(t *testing.T, namespace string) *load {
	t.Helper()
	l := &load{phase: "before", created: map[string]int{}, failed: map[string][]error{}, stopping: make(chan struct{})}
	for n := range submitters {
		l.running.Go(func() {
			for {
				phase := l.currentPhase()
				if phase != "during" || n < busy {
					l.note(phase, product.Client.Create(t.Context(), mpijobtest.MakeMPIJob("load", namespace).Obj(), client.DryRunAll))
				}
				select {
				case <-l.stopping:
					return
				case <-time.After(pause):
				}
			}
		})
	}
	return l
}

func (l *load) note(phase string, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err != nil {
		l.failed[phase] = append(l.failed[phase], err)
	} else {
		l.created[phase]++
	}
}

func (l *load) currentPhase() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.phase
}

// enter begins a phase, and waits until some jobs have been created in it.
func (l *load) enter(t *testing.T, phase string, atLeast int) {
	t.Helper()
	l.mutex.Lock()
	l.phase = phase
	l.mutex.Unlock()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(pause) {
		l.mutex.Lock()
		done := l.created[phase] >= atLeast
		l.mutex.Unlock()
		if done {
			return
		}
	}
	t.Errorf("phase %q: %s", phase, l)
}

// stop ends the load, and waits for its last requests.
func (l *load) stop() {
	close(l.stopping)
	l.running.Wait()
}

func (l *load) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var text strings.Builder
	for _, phase := range []string{"before", "during", "after"} {
		fmt.Fprintf(&text, "%s: %d created, %d failed; ", phase, l.created[phase], len(l.failed[phase]))
	}
	return strings.TrimSuffix(text.String(), "; ")
}

// noFailures asserts that no request failed that began in one of the phases.
func (l *load) noFailures(t *testing.T, phases ...string) {
	t.Helper()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, phase := range phases {
		if failed := l.failed[phase]; len(failed) > 0 {
			t.Errorf("%s: %d requests failed, the first: %s", phase, len(failed), failed[0])
		}
	}
}
