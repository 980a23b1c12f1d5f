package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// An answer is what a user gets who creates a job.
type answer string

const (
	judged   answer = "judged"    // by a cluster policy
	stored   answer = "stored"    // as it was submitted
	refused  answer = "refused"   // for a reason in the job
	not      answer = "not now"   // refused because the webhook does not answer, or cannot judge it
	noAnswer answer = "no answer" // of the API server
)

// pause is the time between two creations in a namespace.
const pause = 100 * time.Millisecond

// Traffic creates a valid job again and again, in each of a few namespaces, as dry runs: for the webhooks, these do not
// differ from others. Unlike a suite.Load, it tells a job that was judged from one that was only stored.
type traffic struct {
	mutex sync.Mutex
	// counts has the answers since the last step began, by namespace, and sequence the answers without repetitions.
	counts   map[string]map[answer]int
	sequence map[string][]answer
	// reasons has the last error of each kind.
	reasons map[answer]error
	// stop ends it.
	stop func()
}

func startTraffic(t *testing.T, namespaces ...string) *traffic {
	t.Helper()
	tr := &traffic{}
	tr.reset()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, namespace := range namespaces {
		running.Go(func() {
			for ctx.Err() == nil {
				tr.create(ctx, namespace)
				time.Sleep(pause)
			}
		})
	}
	tr.stop = func() { cancel(); running.Wait() }
	t.Cleanup(tr.stop)
	return tr
}

// submitOnce returns the answer for one job.
func submitOnce(t *testing.T, namespace string) answer {
	t.Helper()
	got, err := submit(t.Context(), namespace)
	t.Logf("a job in %s: %s: %v", namespace, got, err)
	return got
}

func submit(ctx context.Context, namespace string) (answer, error) {
	job := mpijobtest.MakeMPIJob("traffic", namespace).Obj()
	err := product.Client.Create(ctx, job, client.DryRunAll)
	return classify(err, job.Annotations[annotations.AppliedPoliciesKey] != ""), err
}

func (tr *traffic) create(ctx context.Context, namespace string) {
	got, err := submit(ctx, namespace)
	if ctx.Err() != nil {
		return
	}
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	if tr.counts[namespace] == nil {
		tr.counts[namespace] = map[answer]int{}
	}
	tr.counts[namespace][got]++
	if last := tr.sequence[namespace]; len(last) == 0 || last[len(last)-1] != got {
		tr.sequence[namespace] = append(last, got)
	}
	tr.reasons[got] = err
}

func classify(err error, hasStamp bool) answer {
	var status apierrors.APIStatus
	switch {
	case err == nil && hasStamp:
		return judged
	case err == nil:
		return stored
	case !errors.As(err, &status):
		return noAnswer
	case status.Status().Code >= 500:
		return not
	}
	return refused
}

func (tr *traffic) reset() {
	tr.counts, tr.sequence, tr.reasons = map[string]map[answer]int{}, map[string][]answer{}, map[answer]error{}
}

// A step is what the users of two namespaces saw while an administrator did something.
type step struct {
	test, name         string
	took               time.Duration
	project, elsewhere map[answer]int
}

// steps has all steps so far, for the page.
var steps []step

// during returns the answers in each namespace while the administrator does something.
func (tr *traffic) during(t *testing.T, name string, do func()) (counts map[string]map[answer]int, sequence map[string][]answer) {
	t.Helper()
	tr.mutex.Lock()
	tr.reset()
	tr.mutex.Unlock()
	start := time.Now()
	do()
	took := time.Since(start)
	time.Sleep(2 * pause) // so that something was created after it, too
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	counts, sequence = tr.counts, tr.sequence
	t.Logf("%s: %s, %v, %v", name, took.Round(time.Second), counts, tr.reasons)
	steps = append(steps, step{t.Name(), name, took, maps.Clone(counts[projectNamespace]), maps.Clone(counts[elsewhere])})
	if onlyAnswer(counts[elsewhere], stored) != nil {
		t.Errorf("%s: creations in a namespace without a project: %v: %v", name, counts[elsewhere], tr.reasons)
	}
	if counts[projectNamespace][refused]+counts[projectNamespace][noAnswer] > 0 {
		t.Errorf("%s: creations in a project: %v: %v", name, counts[projectNamespace], tr.reasons)
	}
	return counts, sequence
}

// untilJudged waits until jobs in the project are judged: the webhook learns of a new namespace only a moment after it
// exists.
func (tr *traffic) untilJudged(t *testing.T) {
	t.Helper()
	suite.Eventually(t, "jobs are judged", suite.Soon, func() error {
		tr.mutex.Lock()
		defer tr.mutex.Unlock()
		answers := tr.sequence[projectNamespace]
		if len(answers) == 0 || answers[len(answers)-1] != judged {
			return fmt.Errorf("the answers are %v: %v", answers, tr.reasons)
		}
		return nil
	})
}

// alwaysJudged fails the test unless every job in the project was judged meanwhile.
func (tr *traffic) alwaysJudged(t *testing.T, name string, do func()) {
	t.Helper()
	counts, _ := tr.during(t, name, do)
	if err := onlyAnswer(counts[projectNamespace], judged); err != nil {
		t.Errorf("%s: creations in a project: %s", name, err)
	}
}

func onlyAnswer(counts map[answer]int, wanted answer) error {
	if len(counts) != 1 || counts[wanted] == 0 {
		return errors.New("not all were " + string(wanted))
	}
	return nil
}
