package binaries

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// goTool runs the go command in dir and returns its standard output.
func goTool(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// The caller's workspace and target platform must not change what is built.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS=", "GOARCH=")
	cmd.Env = append(cmd.Env, env...)
	// An interrupted go command takes its compilers with it; a killed one cannot.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return output(ctx, cmd)
}

// output runs a command and returns its standard output. The error includes its standard error.
func output(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), cause(ctx, err), strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// cause returns why the context ended, such as "deadline exceeded", and not the resulting "interrupt".
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// moduleDir returns the folder with the sources of a module that serverDir requires, and
// downloads them if necessary.
func moduleDir(serverDir, module string) (string, error) {
	out, err := goTool(context.Background(), serverDir, nil, "mod", "download", "-json", module)
	if err != nil {
		return "", fmt.Errorf("cannot find the sources of %s: %w", module, err)
	}
	var answer struct{ Dir string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("cannot find the sources of %s: %w", module, err)
	}
	return answer.Dir, nil
}

// install builds a command with the dependencies of its own module, and returns its path in dir.
func install(ctx context.Context, dir, command, version string) (string, error) {
	if _, err := goTool(ctx, dir, []string{"GOBIN=" + dir}, "install", command+"@"+version); err != nil {
		return "", err
	}
	return filepath.Join(dir, path.Base(command)), nil
}
