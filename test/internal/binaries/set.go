package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/filelock"
)

// ErrMissing is what Find returns when something was not built yet.
var ErrMissing = errors.New("run make servers")

// Set holds the absolute path of each binary.
type Set struct {
	Etcd              string
	APIServer         string
	ControllerManager string
	Scheduler         string
	Kubectl           string
	MPIOperator       string
	Helm              string

	// MPIOperatorSource is mpi-operator's module: its manifests and examples.
	MPIOperatorSource string
}

// Paths lists the binaries.
func (s Set) Paths() []string {
	return []string{s.Etcd, s.APIServer, s.ControllerManager, s.Scheduler, s.Kubectl, s.MPIOperator, s.Helm}
}

// Find returns what Ensure left, quickly, and never builds anything.
func Find() (Set, error) {
	list, err := loadCatalog()
	if err != nil {
		return Set{}, err
	}
	if missing := list.missing(); len(missing) > 0 {
		return Set{}, fmt.Errorf("cannot find %s: %w", names(missing), ErrMissing)
	}
	return list.set()
}

// Ensure returns all binaries, and builds those that are missing. Concurrent
// callers wait for each other. Progress is written to log.
func Ensure(ctx context.Context, log io.Writer) (Set, error) {
	list, err := loadCatalog()
	if err != nil {
		return Set{}, err
	}
	if err := list.ensure(ctx, log, list.tryEnvtest, list.provide); err != nil {
		return Set{}, err
	}
	return list.set()
}

// ensure takes the steps that lead to what is missing, if anything is.
func (c *catalog) ensure(ctx context.Context, log io.Writer, steps ...func(context.Context, io.Writer) error) error {
	if len(c.missing()) == 0 {
		return nil
	}
	unlock, err := filelock.Take(ctx, filepath.Join(c.cache, "lock"), "another process that builds the servers", log)
	if err != nil {
		return err
	}
	defer unlock()
	for _, step := range steps {
		if err := step(ctx, log); err != nil {
			return err
		}
	}
	return nil
}

// provide builds what is missing now, which may be less than before the lock was held.
func (c *catalog) provide(ctx context.Context, log io.Writer) error {
	missing := c.missing()
	for i, b := range missing {
		p := progress{log: log, what: fmt.Sprintf("[%d/%d] %s %s", i+1, len(missing), b.name, b.version), usually: b.usually}
		if err := p.watch(func() error { return b.build(ctx) }); err != nil {
			return fmt.Errorf("cannot build %s: %w", b.name, err)
		}
	}
	return nil
}

func names(list []*binary) string {
	var s []string
	for _, b := range list {
		s = append(s, b.name)
	}
	return strings.Join(s, ", ")
}
