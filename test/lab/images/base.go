package images

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// ensure makes the base's file system, a tar file in dir, unless it is there.
func (b *base) ensure(ctx context.Context, dir string, log io.Writer) (path string, err error) {
	digest, err := b.digest()
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, b.Suite+"-"+digest+".tar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the cache: %w", err)
	}
	fmt.Fprintf(log, "making Debian %s from packages: about a minute\n", b.Suite)
	half := path + ".half"
	defer os.Remove(half) //nolint:errcheck // it is only there if something failed
	if err := b.make(ctx, half, log); err != nil {
		return "", fmt.Errorf("cannot make Debian %s: %w", b.Suite, err)
	}
	return path, os.Rename(half, path)
}

func (b *base) make(ctx context.Context, path string, log io.Writer) error {
	args := []string{"--variant=minbase", "--format=tar", "--quiet"}
	for _, name := range b.Packages {
		args = append(args, "--include="+name)
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", append(args, b.Suite, path)...)
	cmd.Stdout, cmd.Stderr = log, log
	return cmd.Run()
}
