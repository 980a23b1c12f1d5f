package images

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
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
	half, err := os.MkdirTemp(dir, ".half-")
	if err != nil {
		return "", fmt.Errorf("cannot make the cache: %w", err)
	}
	defer os.RemoveAll(half)
	if err := b.make(ctx, half, log); err != nil {
		return "", fmt.Errorf("cannot make Debian %s: %w", b.Suite, err)
	}
	return path, os.Rename(filepath.Join(half, "system.tar"), path)
}

// make leaves system.tar in dir. Killed, mmdebstrap would leave what it mounts: it gets namespaces that go with it.
func (b *base) make(ctx context.Context, dir string, log io.Writer) error {
	args := []string{
		"--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		"mmdebstrap", "--variant=minbase", "--format=tar", "--quiet",
	}
	for _, name := range b.Packages {
		args = append(args, "--include="+name)
	}
	cmd := exec.CommandContext(ctx, "setpriv", append(args, b.Suite, filepath.Join(dir, "system.tar"))...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	if err := process.OnForkThread(cmd.Start); err != nil {
		return err
	}
	return cmd.Wait()
}
