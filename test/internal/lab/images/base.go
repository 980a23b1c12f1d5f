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
	digest, err := digest(b)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, b.Suite+"-"+digest+".tar")
	return path, cached(path, func(half string) error {
		fmt.Fprintf(log, "making Debian %s from packages: about a minute\n", b.Suite)
		if err := b.install(ctx, half, log, "tar", filepath.Base(path)); err != nil {
			return fmt.Errorf("cannot make Debian %s: %w", b.Suite, err)
		}
		return nil
	})
}

// install makes the base's file system as a target in dir, and runs hooks in it. If it were killed, mmdebstrap would
// leave its mounts behind, so it runs in namespaces that end with it.
func (b *base) install(ctx context.Context, dir string, log io.Writer, format, target string, hooks ...string) error {
	args := []string{
		"--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		"mmdebstrap", "--variant=minbase", "--quiet", "--format=" + format,
	}
	for _, name := range b.Packages {
		args = append(args, "--include="+name)
	}
	for _, hook := range hooks {
		args = append(args, "--customize-hook="+hook)
	}
	cmd := exec.CommandContext(ctx, "setpriv", append(args, b.Suite, target)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	if err := process.OnForkThread(cmd.Start); err != nil {
		return err
	}
	return cmd.Wait()
}
