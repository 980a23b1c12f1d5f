package suite

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A Phase counts the creations of a load that began in it.
type Phase struct {
	Name string

	mutex   sync.Mutex
	entered time.Time // zero while another phase is the load's
	took    time.Duration
	open    int // creations without an answer yet
	// created and failures are what users see.
	created  int
	failures []error
	times    []time.Duration // of creations that succeeded
	// answers are those of the API server, by code. Those after which client-go tries again are among them.
	answers map[int]int
}

// Created returns how many jobs were created.
func (p *Phase) Created() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.created
}

// Failures returns the errors of creations that failed.
func (p *Phase) Failures() []error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.failures)
}

// Answers returns how many answers of the API server had a status code, also if client-go tried again.
func (p *Phase) Answers(code int) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.answers[code]
}

// String returns, for example, "during: 600 created, 2 failed (2 InternalError), 31 answers 503".
func (p *Phase) String() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	text := fmt.Sprintf("%s: %d created, %d failed", p.Name, p.created, len(p.failures))
	if len(p.failures) > 0 {
		text += fmt.Sprintf(" (%s)", kinds(p.failures))
	}
	return text + fmt.Sprintf(", %d answers %d", p.answers[http.StatusServiceUnavailable], http.StatusServiceUnavailable)
}

// Took returns for how long the load has been in this phase.
func (p *Phase) Took() time.Duration {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.entered.IsZero() {
		return p.took
	}
	return p.took + time.Since(p.entered)
}

func (p *Phase) enter() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.entered = time.Now()
}

func (p *Phase) leave() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.entered.IsZero() {
		p.took += time.Since(p.entered)
		p.entered = time.Time{}
	}
}

func (p *Phase) settled() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.open > 0 {
		return fmt.Errorf("%d are not", p.open)
	}
	return nil
}

// kinds counts errors by their reason.
func kinds(failures []error) string {
	count := map[string]int{}
	for _, failure := range failures {
		kind := string(apierrors.ReasonForError(failure))
		if !isStatus(failure) {
			kind = "no answer"
		}
		count[kind]++
	}
	return fmt.Sprint(count)[len("map"):]
}

func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// Time returns how long a creation took at most, of a part of those that succeeded: Time(0.5) is the median.
func (p *Phase) Time(part float64) time.Duration {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.times) == 0 {
		return 0
	}
	slices.Sort(p.times)
	return p.times[min(int(part*float64(len(p.times))), len(p.times)-1)]
}

func (p *Phase) begin() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.open++
}

func (p *Phase) end(err error, took time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.open--
	if err != nil {
		p.failures = append(p.failures, err)
		return
	}
	p.created++
	p.times = append(p.times, took)
}

func (p *Phase) answer(code int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.answers == nil {
		p.answers = map[int]int{}
	}
	p.answers[code]++
}

// phaseKey is the key of the phase in the context of a request.
type phaseKey struct{}

func countAnswers(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if phase, ok := request.Context().Value(phaseKey{}).(*Phase); ok && err == nil {
			phase.answer(response.StatusCode)
		}
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
