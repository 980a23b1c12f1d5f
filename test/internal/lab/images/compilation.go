package images

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A compilation makes a program of C with the compiler of a Debian system. Only the program is kept.
type compilation struct {
	Base     *base
	Compiler string
	Source   string
}

// program returns the program, from the cache if it is there.
func (c *compilation) program(ctx context.Context, cache string, log io.Writer) ([]byte, error) {
	digest, err := digest(c)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(cache, "programs", digest)
	err = cached(path, func(half string) error {
		fmt.Fprintf(log, "compiling with %s of Debian %s: about a minute\n", c.Compiler, c.Base.Suite)
		if err := c.compile(ctx, half, filepath.Base(path), log); err != nil {
			return fmt.Errorf("cannot compile with %s of Debian %s: %w", c.Compiler, c.Base.Suite, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (c *compilation) compile(ctx context.Context, dir, name string, log io.Writer) error {
	if err := os.WriteFile(filepath.Join(dir, "program.c"), []byte(c.Source), 0o600); err != nil {
		return err
	}
	return c.Base.install(ctx, dir, log, "null", "-",
		"upload program.c /program.c",
		`chroot "$1" `+c.Compiler+` -O2 -o /program /program.c`,
		"download /program "+name)
}
