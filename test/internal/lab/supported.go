package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// ErrUnsupported says that this machine cannot run a node, whatever is installed on it.
var ErrUnsupported = errors.New("a real node needs Linux and root")

// needs are the files that Debian packages provide, with the package's name.
var needs = []struct{ file, debianPackage string }{
	{"runc", "runc"},
	{cniPlugins + "/bridge", "containernetworking-plugins"},
	{"nft", "nftables"},
	{"iptables", "iptables"},
	{"mmdebstrap", "mmdebstrap"},
	{"/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"},
	{"ip", "iproute2"},
	{"unshare", "util-linux"},
	{"mount", "mount"},
	{"git", "git"},
}

// Supported returns nil where a lab can run; otherwise one line, which says what to install if that is
// all that is missing.
func Supported() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return ErrUnsupported
	}
	if missing := MissingPackages(); len(missing) > 0 {
		return fmt.Errorf("packages are missing: run make lab-packages, or apt-get install %s", strings.Join(missing, " "))
	}
	return nil
}

// MissingPackages are the Debian packages that a lab needs and this machine does not have.
func MissingPackages() []string {
	var missing []string
	for _, need := range needs {
		if !exists(need.file) {
			missing = append(missing, need.debianPackage)
		}
	}
	return missing
}

// exists takes a path, or the name of a command.
func exists(file string) bool {
	if strings.HasPrefix(file, "/") {
		_, err := os.Stat(file)
		return err == nil
	}
	_, err := exec.LookPath(file)
	return err == nil
}
