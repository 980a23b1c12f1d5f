package install

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Programs has the paths of the product's binaries.
type Programs struct{ Runai, Webhook string }

// Build builds both binaries into dir, as users do.
func Build(ctx context.Context, dir string) (Programs, error) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return Programs{}, err
	}
	programs := Programs{Runai: filepath.Join(dir, "runai"), Webhook: filepath.Join(dir, "runai-webhook")}
	for path, pkg := range map[string]string{programs.Runai: "./cli", programs.Webhook: "./webhook"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", path, pkg)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		if err := cmd.Run(); err != nil {
			return Programs{}, fmt.Errorf("cannot build %s: %w", pkg, err)
		}
	}
	return programs, nil
}
