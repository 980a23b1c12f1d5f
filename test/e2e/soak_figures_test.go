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
		response, err := http.Get("http://" + pod.Status.PodIP + ":8080/metrics") //nolint:noctx // the lab's own network
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for name, figure := range figureOf {
			line := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
			if line == nil {
				t.Fatalf("no metric %s", name)
			}
			value, err := strconv.ParseFloat(string(line[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			*figure(&most) = max(*figure(&most), int(value))
		}
	}
	return most
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

// leavesNothing asserts that idle replicas have no more goroutines and open files than before.
func leavesNothing(t *testing.T, before figures) (after figures) {
	t.Helper()
	suite.Eventually(t, "goroutines and files are as before", suite.Soon, func() error {
		after = measure(t)
		if after.Goroutines > before.Goroutines || after.Files > before.Files {
			return fmt.Errorf("%d goroutines and %d files, before %d and %d",
				after.Goroutines, after.Files, before.Goroutines, before.Files)
		}
		return nil
	})
	t.Logf("before %+v, after %+v", before, after)
	return after
}
