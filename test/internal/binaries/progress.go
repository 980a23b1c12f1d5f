package binaries

import (
	"fmt"
	"io"
	"time"
)

// heartbeat is how often a long build logs that it is still running.
const heartbeat = 30 * time.Second

// A progress logs what takes so long.
type progress struct {
	log     io.Writer
	what    string
	usually time.Duration
}

// watch runs f, and logs its start, that it is still running, and its end.
func (p progress) watch(f func() error) error {
	start := time.Now()
	fmt.Fprintf(p.log, "%s: about %s on two cores if nothing is compiled yet\n", p.what, p.usually)
	done := make(chan error, 1)
	go func() { done <- f() }()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			p.end(err, time.Since(start))
			return err
		case <-tick.C:
			fmt.Fprintf(p.log, "%s: %s so far\n", p.what, time.Since(start).Round(time.Second))
		}
	}
}

func (p progress) end(err error, took time.Duration) {
	result := "ready"
	if err != nil {
		result = "failed"
	}
	fmt.Fprintf(p.log, "%s: %s after %s\n", p.what, result, took.Round(100*time.Millisecond))
}
