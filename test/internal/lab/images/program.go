package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build compiles one file of Go, which needs the standard library only, into a static program.
func build(ctx context.Context, source string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "runai-mpi-image-")
	if err != nil {
		return nil, fmt.Errorf("cannot build a program: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		return nil, fmt.Errorf("cannot build a program: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "program", "main.go")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build a program: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return os.ReadFile(filepath.Join(dir, "program"))
}
