package binaries

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/mod/modfile"
)

const serversDir = "test/servers"

// RepositoryRoot returns the root of the repository. It walks up from the working directory, because with
// -trimpath the caller's file name is not a path.
func RepositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("cannot find the repository: %w", err)
	}
	for {
		if isFile(filepath.Join(dir, serversDir, "kubernetes", "go.mod")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("cannot find the repository: the working directory is outside it")
		}
		dir = parent
	}
}

// CacheDir returns the cache folder, which is outside the clone, so that a new clone finds
// what an older one built.
func CacheDir() (string, error) {
	if dir := os.Getenv("RUNAI_MPI_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find the cache directory: %w", err)
	}
	return filepath.Join(dir, "runai-mpi"), nil
}

// requiredVersion returns the version of module that goMod requires.
func requiredVersion(goMod, module string) (string, error) {
	data, err := os.ReadFile(goMod)
	if err != nil {
		return "", fmt.Errorf("cannot read the version of %s: %w", module, err)
	}
	file, err := modfile.Parse(goMod, data, nil)
	if err != nil {
		return "", fmt.Errorf("cannot read the version of %s: %w", module, err)
	}
	for _, r := range file.Require {
		if r.Mod.Path == module {
			return r.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("cannot read the version of %s: %s does not require it", module, goMod)
}

func platform() string { return runtime.GOOS + "-" + runtime.GOARCH }
