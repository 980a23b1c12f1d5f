package e2e

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var soakTime = flag.Duration("soak", 0, "For how long each fault happens again and again. Default: each happens once.")

// A fault happens while jobs are created.
type fault struct {
	name string
	// happens returns when it is over, or, if creations may fail, when none that begins later can meet it. It may return a
	// function that takes it back.
	happens func(t *testing.T) (takeBack func(t *testing.T))
	// mayFail reports whether a creation that begins meanwhile may fail with an error. Default: none may fail.
	mayFail func(error) bool
}

// faults are in an order in which the last ones leave the replicas as they are.
func (s *soak) faults() []fault {
	return slices.Concat(s.replacements(), renewals(), outages())
}

// A soak creates jobs while faults happen.
type soak struct {
	*load
	// detected is how long it took until creations did not meet a fault any more.
	detected map[string][]time.Duration
	// submissions are those of runai, and failed those of them that failed.
	submissions, failed map[string]int
	mutex               sync.Mutex // of these two
}

// Jobs are created at a fixed rate, by clients that try again only where client-go does so by itself, while replicas of
// the webhook, its certificates and what is below it change, break and come back. No creation fails, except those that
// begin before the cluster can know that a replica is gone. None of runai's fails.
func TestSoak(t *testing.T) {
	lab.Require(t)
	followed := followLogs(t)
	before := settle(t)
	s := &soak{
		load:     startLoad(t, "soak", kept),
		detected: map[string][]time.Duration{}, submissions: map[string]int{}, failed: map[string]int{},
	}
	for _, f := range s.faults() {
		t.Run(f.name, func(t *testing.T) {
			for start := time.Now(); ; {
				s.suffer(t, f)
				if t.Failed() || time.Since(start) >= *soakTime {
					break
				}
			}
			s.Enter(between, *submissions)
			s.assert(t, f)
		})
	}
	s.Stop()
	t.Log(s)
	s.NoFailures(t, "before", between)
	after := leavesNothing(t, before)
	followed.areClean(t)
	s.record(t, before, after)
}

// kept is how many jobs of the soak are stored at a time: etcd could not hold all of them.
const kept = 300

// The phases of a fault that may fail creations have its name and one of these.
const (
	untilDetected = ", until it is noticed"
	afterwards    = ", afterwards"
	between       = "between"
)

// suffer lets a fault happen once.
func (s *soak) suffer(t *testing.T, f fault) {
	t.Helper()
	var takeBack func(*testing.T)
	if f.mayFail == nil {
		s.during(t, f.name, func() { takeBack = f.happens(t) })
		if takeBack != nil {
			s.during(t, f.name, func() { takeBack(t) })
		}
		return
	}
	people := s.startPeople(t, f)
	s.during(t, f.name+untilDetected, func() {
		start := time.Now()
		takeBack = f.happens(t)
		s.detected[f.name] = append(s.detected[f.name], time.Since(start))
	})
	s.during(t, f.name+afterwards, func() {
		people(t)
		if takeBack != nil {
			takeBack(t)
		}
	})
}

func (s *soak) assert(t *testing.T, f fault) {
	t.Helper()
	s.Settle(t)
	s.NoFailures(t, f.name, f.name+afterwards)
	failures := slices.DeleteFunc(s.Failures(f.name+untilDetected), f.mayFail)
	if len(failures) > 0 {
		t.Errorf("%d creations failed, but not because of the fault, the first: %s", len(failures), failures[0])
	}
	for _, phase := range s.Phases() {
		if slices.Contains([]string{f.name, f.name + untilDetected, f.name + afterwards}, phase.Name) {
			t.Logf("%s for %.1f s", phase, phase.Took().Seconds())
		}
	}
	t.Logf("noticed after %v; runai submitted %d jobs", s.detected[f.name], s.submissions[f.name])
}

// submitEvery is the time between two submissions of people.
const submitEvery = time.Second

// startPeople starts people who submit jobs with runai until the returned function is called, which asserts that all have
// succeeded. Their jobs are dry runs, which for the webhook do not differ from others.
func (s *soak) startPeople(t *testing.T, f fault) (stop func(*testing.T)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var failed []string
	var people sync.WaitGroup
	people.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			people.Go(func() {
				failure := s.submit(n)
				s.mutex.Lock()
				defer s.mutex.Unlock()
				s.submissions[f.name]++
				if failure != "" {
					s.failed[f.name]++
					failed = append(failed, failure)
				}
			})
			time.Sleep(submitEvery)
		}
	})
	end := func() {
		cancel()
		people.Wait()
	}
	t.Cleanup(end)
	return func(t *testing.T) {
		t.Helper()
		end()
		for _, failure := range failed {
			t.Errorf("runai: %s", failure)
		}
	}
}

// submit returns why a submission failed, or "".
func (s *soak) submit(n int) string {
	_, stderr, code, err := product.RunRunai(context.Background(), product.Kubeconfig(),
		"submit-mpi", fmt.Sprint("person-", n), "-n", s.namespaces[1], "-i", "example/train", "--dry-run=server")
	if err != nil || code != 0 {
		return fmt.Sprintf("exit code %d: %s %v", code, stderr, err)
	}
	return ""
}

// areReady waits until both replicas are ready.
func areReady(t *testing.T) {
	t.Helper()
	awaitReplicas(t, 2, anyReplica)
}

// leads waits until the cluster leads connections to a replica, or not.
func leads(t *testing.T, ip string, want bool) {
	t.Helper()
	suite.Eventually(t, "kube-proxy knows", suite.Soon, func() error {
		leads, err := product.Release.Lab.Leads(t.Context(), ip, webhookPort)
		if err == nil && leads != want {
			err = fmt.Errorf("connections are led to %s: %t", ip, leads)
		}
		return err
	})
}
