package e2e

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// figures are those of the replica that has most of each.
type figures struct{ Goroutines, Files, Memory int }

// MB is the memory in megabytes.
func (f figures) MB() int { return f.Memory / 1e6 }

var figureOf = map[string]func(*figures) *int{
	"go_goroutines":                 func(f *figures) *int { return &f.Goroutines },
	"process_open_fds":              func(f *figures) *int { return &f.Files },
	"process_resident_memory_bytes": func(f *figures) *int { return &f.Memory },
}

// measure reads the metrics of all replicas.
func measure(t *testing.T) (most figures) {
	t.Helper()
	for _, pod := range awaitReplicas(t, 2, anyReplica) {
		text := body(t, "http://"+pod.Status.PodIP+":8080/metrics")
		for name, figure := range figureOf {
			line := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
			if line == nil {
				t.Fatalf("no metric %s", name)
			}
			value, err := strconv.ParseFloat(line[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			*figure(&most) = max(*figure(&most), int(value))
		}
	}
	return most
}

// body returns what a server in the lab's own network, or on loopback, answers.
func body(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url) //nolint:gosec,noctx // an address of the test
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// settle returns the figures of idle replicas: the least of a few measurements.
func settle(t *testing.T) figures {
	t.Helper()
	least := measure(t)
	for range 5 {
		time.Sleep(time.Second)
		now := measure(t)
		least = figures{min(least.Goroutines, now.Goroutines), min(least.Files, now.Files), min(least.Memory, now.Memory)}
	}
	return least
}

// closing is how many goroutines a connection to the API server may have that has been replaced and is not closed yet.
const closing = 4

// leavesNothing asserts that idle replicas have no more goroutines and open files than before.
func leavesNothing(t *testing.T, before figures) (after figures) {
	t.Helper()
	defer func() { // not in Cleanup, when the test's context has ended
		if t.Failed() {
			logGoroutines(t)
		}
	}()
	suite.Eventually(t, "goroutines and files are as before", suite.Soon, func() error {
		after = measure(t)
		if after.Goroutines > before.Goroutines+closing || after.Files > before.Files {
			return fmt.Errorf("%d goroutines and %d files, before %d and %d",
				after.Goroutines, after.Files, before.Goroutines, before.Files)
		}
		return nil
	})
	t.Logf("before %+v, after %+v", before, after)
	return after
}

func logGoroutines(t *testing.T) {
	t.Helper()
	for _, pod := range replicas(t) {
		address := forwarded(t, "kubectl -n "+pod.Namespace+" port-forward "+pod.Name+" :"+pprofPort)
		t.Log(pod.Name, body(t, "http://"+address+"/debug/pprof/goroutine?debug=1"))
	}
}
