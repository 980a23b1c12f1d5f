package binaries

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/filelock"
)

// A Set has the absolute path of each requested binary.
type Set map[Name]string

// Find returns the binaries without building any. Its error names the command that builds
// those that are missing.
func Find(names ...Name) (Set, error) {
	c, err := loadCatalog()
	if err != nil {
		return nil, err
	}
	if missing := namesOf(c.missing(names)); len(missing) > 0 {
		return nil, fmt.Errorf("cannot find %s: run %s", join(missing), verb(missing))
	}
	return c.set(names), nil
}

// Missing returns the names of the binaries that Ensure would have to build.
func Missing(names ...Name) ([]Name, error) {
	c, err := loadCatalog()
	if err != nil {
		return nil, err
	}
	return namesOf(c.missing(names)), nil
}

// Ensure returns the binaries, and builds those that are missing. Concurrent callers wait for each other.
// Progress is written to log.
func Ensure(ctx context.Context, log io.Writer, names ...Name) (Set, error) {
	c, err := loadCatalog()
	if err != nil {
		return nil, err
	}
	if len(c.missing(names)) == 0 {
		return c.set(names), nil
	}
	unlock, err := filelock.Take(ctx, filepath.Join(c.cache, "lock"), "another process that builds the servers", log)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := c.tryEnvtest(ctx, log, names); err != nil {
		return nil, err
	}
	if err := c.provide(ctx, log, names); err != nil {
		return nil, err
	}
	return c.set(names), nil
}

// Source returns the folder of the module that a binary is built from, and downloads it if necessary.
func Source(name Name) (string, error) {
	c, err := loadCatalog()
	if err != nil {
		return "", err
	}
	return c.find(name).source()
}

// Dependency returns the folder of a module that the module of a binary depends on, and downloads it if necessary.
func Dependency(name Name, module string) (string, error) {
	c, err := loadCatalog()
	if err != nil {
		return "", err
	}
	return c.find(name).dependency(module)
}

// provide builds what is still missing: another process may have built some of it before this one got the lock.
func (c *catalog) provide(ctx context.Context, log io.Writer, names []Name) error {
	missing := c.missing(names)
	if len(missing) == 0 {
		return nil
	}
	var usually time.Duration
	for _, b := range missing {
		usually += b.usually
	}
	fmt.Fprintf(log, "building %s into %s: about %.0f minutes on two cores if nothing is compiled yet\n",
		join(namesOf(missing)), c.cache, usually.Minutes())
	for i, b := range missing {
		p := progress{log: log, what: fmt.Sprintf("[%d/%d] %s %s", i+1, len(missing), b.name, b.version), usually: b.usually}
		if err := p.watch(func() error { return b.build(ctx) }); err != nil {
			return fmt.Errorf("cannot build %s: %w", b.name, err)
		}
	}
	return nil
}
