package suite

import (
	"cmp"
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

	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// LoadOptions say which jobs a load creates, and who creates them.
type LoadOptions struct {
	// PerSecond is how many jobs it creates.
	PerSecond int
	// StoredPerSecond is how many of them are stored. The others are dry runs, which for the webhook do not differ.
	// Default: all.
	StoredPerSecond int
	// Users create them in turn. Default: the administrator.
	Users []*env.User
	// Job returns the job with this number. It needs a generated name unless the creations are dry runs.
	Job func(n int) *v2beta1.MPIJob
	// Create are the options of each creation.
	Create []client.CreateOption
	// Keep is how many jobs are kept: whoever creates one more deletes the oldest. Default: all.
	Keep int
}

// A Load creates jobs at a fixed rate, as many people do: none waits for another's answer. Their client tries again
// only where client-go does so by itself. What happens is counted by the phase in which a creation began.
type Load struct {
	clients []client.Client
	options LoadOptions

	intervals chan time.Duration
	stop      context.CancelFunc
	running   sync.WaitGroup

	mutex  sync.Mutex
	phases []*Phase // in the order in which they were entered first
	now    *Phase
	kept   []created
}

// A created job can be deleted by who created it.
type created struct {
	user client.Client
	job  *v2beta1.MPIJob
}

// StartLoad creates jobs in the phase "before" until Stop.
func (p *Product) StartLoad(t testing.TB, options LoadOptions) *Load {
	t.Helper()
	if len(options.Users) == 0 {
		options.Users = []*env.User{p.User}
	}
	l := &Load{options: options, intervals: make(chan time.Duration)}
	for _, user := range options.Users {
		config := rest.CopyConfig(user.Config)
		config.QPS = -1
		config.WarningHandler = rest.NoWarnings{}
		config.Wrap(countAnswers)
		counting, err := client.New(config, client.Options{Scheme: p.Client.Scheme(), Mapper: p.Client.RESTMapper()})
		if err != nil {
			t.Fatal(err)
		}
		l.clients = append(l.clients, counting)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	l.stop = stop
	l.enter("before")
	l.running.Go(func() { l.run(ctx, interval(options.PerSecond)) })
	t.Cleanup(l.Stop)
	return l
}

func interval(perSecond int) time.Duration { return time.Second / time.Duration(perSecond) }

func (l *Load) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case every := <-l.intervals:
			ticker.Reset(every)
		case <-ticker.C:
			number := n
			l.running.Go(func() { l.create(context.WithoutCancel(ctx), number) })
			n++
		}
	}
}

func (l *Load) create(ctx context.Context, n int) {
	phase := l.current()
	phase.begin()
	start := time.Now()
	one := created{l.clients[n%len(l.clients)], l.options.Job(n)}
	options, isStored := l.options.Create, l.options.isStored(n)
	if !isStored {
		options = append(slices.Clone(options), client.DryRunAll)
	}
	err := one.user.Create(context.WithValue(ctx, phaseKey{}, phase), one.job, options...)
	phase.end(err, time.Since(start))
	if oldest := l.keep(one, isStored && err == nil); oldest != nil {
		_ = oldest.user.Delete(ctx, oldest.job) // otherwise, it is deleted with its namespace
	}
}

// isStored reports whether the creation with this number is not a dry run. These creations are spread evenly.
func (o LoadOptions) isStored(n int) bool {
	stored := cmp.Or(o.StoredPerSecond, o.PerSecond)
	return (n+1)*stored/o.PerSecond > n*stored/o.PerSecond
}

// keep returns a job that is to be deleted for another one, or nil.
func (l *Load) keep(one created, isStored bool) (oldest *created) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.options.Keep == 0 || !isStored {
		return nil
	}
	if l.kept = append(l.kept, one); len(l.kept) <= l.options.Keep {
		return nil
	}
	oldest, l.kept = &l.kept[0], l.kept[1:]
	return oldest
}

func (l *Load) current() *Phase {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.now
}

// Enter begins a phase, or continues an earlier one of this name.
func (l *Load) Enter(phase string, perSecond int) {
	l.enter(phase)
	l.intervals <- interval(perSecond)
}

func (l *Load) enter(name string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.now != nil {
		l.now.leave()
	}
	l.now = l.find(name)
	if l.now == nil {
		l.now = &Phase{Name: name}
		l.phases = append(l.phases, l.now)
	}
	l.now.enter()
}

// find returns a phase, or nil.
func (l *Load) find(name string) *Phase {
	for _, phase := range l.phases {
		if phase.Name == name {
			return phase
		}
	}
	return nil
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

// Settle waits until the creations of other phases have been answered.
func (l *Load) Settle(t testing.TB) {
	t.Helper()
	now := l.current()
	for _, phase := range l.Phases() {
		if phase != now {
			Eventually(t, "earlier creations are answered", Soon, phase.settled)
		}
	}
}

// Stop ends the load, and waits for the last answers.
func (l *Load) Stop() {
	l.stop()
	l.running.Wait()
	l.current().leave()
}

// Phase returns what happened in a phase.
func (l *Load) Phase(name string) *Phase {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return cmp.Or(l.find(name), &Phase{Name: name})
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
	var texts []string
	for _, phase := range l.Phases() {
		texts = append(texts, fmt.Sprintf("%s for %.1f s", phase, phase.Took().Seconds()))
	}
	return strings.Join(texts, "; ")
}
