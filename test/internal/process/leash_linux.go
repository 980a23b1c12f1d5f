package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Leash returns a command, kept in dir, that runs path with these variables and is killed when this program dies. It is
// for libraries that start children themselves; call them in OnForkThread.
func Leash(path, dir string, variables ...string) (string, error) {
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		return path, nil //nolint:nilerr // without setpriv, a killed parent leaves the child behind
	}
	leash := filepath.Join(dir, filepath.Base(path))
	script := fmt.Sprintf("#!/bin/sh\nexec env %s '%s' --pdeathsig KILL '%s' \"$@\"\n", strings.Join(variables, " "), setpriv, path)
	if err := os.WriteFile(leash, []byte(script), 0o700); err != nil {
		return "", fmt.Errorf("cannot write the leash of %s: %w", filepath.Base(path), err)
	}
	return leash, nil
}
