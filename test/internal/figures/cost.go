// Package figures measures programs, and keeps the figures for the page about scale.
package figures

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A Cost is what one run of a program takes.
type Cost struct {
	Seconds  float64
	Requests int64
	Bytes    int64 // of the answers, as they are sent
	Memory   int64 // the peak
	Code     int   // the exit code
	Output   string
}

// Cells returns the figures as cells of a table.
func (c Cost) Cells() []string {
	return []string{
		Seconds(c.Seconds), strconv.FormatInt(c.Requests, 10), fmt.Sprintf("%.1f MB", float64(c.Bytes)/1e6),
		fmt.Sprintf("%d MB", c.Memory/1e6),
	}
}

// Seconds returns a cell.
func Seconds(seconds float64) string { return fmt.Sprintf("%.1f s", seconds) }

// A Client runs programs as a user of the API server, and counts what they ask for.
type Client struct {
	kubeconfig      string
	requests, bytes atomic.Int64
}

// NewClient returns a client for a user.
func NewClient(t *testing.T, user *rest.Config) *Client {
	t.Helper()
	c := &Client{}
	c.kubeconfig = suite.Proxied(t, user, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		c.requests.Add(1)
		forward.ServeHTTP(counting{w, &c.bytes}, r)
	})
	return c
}

type counting struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c counting) Write(text []byte) (int, error) {
	c.bytes.Add(int64(len(text)))
	return c.ResponseWriter.Write(text)
}

func (c counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Run returns the cost of a run of a program.
func (c *Client) Run(t *testing.T, program string, args ...string) Cost {
	t.Helper()
	requests, size := c.requests.Load(), c.bytes.Load()
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig)
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var peak int64
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			return Cost{
				time.Since(start).Seconds(), c.requests.Load() - requests, c.bytes.Load() - size, peak,
				cmd.ProcessState.ExitCode(), output.String(),
			}
		case <-time.After(10 * time.Millisecond):
			// What the system says about the memory after the end includes that of the parent.
			if sofar, err := process.MemoryOf(cmd.Process.Pid, "VmHWM"); err == nil {
				peak = max(peak, sofar)
			}
		}
	}
}
