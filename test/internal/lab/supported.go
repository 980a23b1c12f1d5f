package lab

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/packages"
)

// ErrUnsupported means that this machine cannot run a node, whatever is installed on it.
var ErrUnsupported = errors.New("a real node needs Linux and root")

// Supported returns nil if this machine can run a lab. Otherwise its error is one line, which lists the
// packages to install if only they are missing.
func Supported() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return ErrUnsupported
	}
	if missing := packages.MissingForNode(); len(missing) > 0 {
		return fmt.Errorf("packages are missing: run make packages, or apt-get install %s", strings.Join(missing, " "))
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
