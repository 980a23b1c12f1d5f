// Package packages finds the Debian packages that the tests need. It imports only the standard library, so that
// it compiles quickly on a new machine.
package packages

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// A need is a file, and the package that has it.
type need struct{ file, debianPackage string }

// node lists the files that a real node and the tests of images need, with the package of each.
var node = []need{
	{"runc", "runc"},
	{"/usr/lib/cni/bridge", "containernetworking-plugins"},
	{"nft", "nftables"},
	{"iptables", "iptables"},
	{"mmdebstrap", "mmdebstrap"},
	{"/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"},
	{"ip", "iproute2"},
	{"unshare", "util-linux"},
	{"mount", "mount"},
	{"git", "git"},
	{"ssh-keygen", "openssh-client"},
	{"openssl", "openssl"},
	{"buildah", "buildah"},
	{"jq", "jq"},
}

// shells lists the shells that make completion completes in, with the package of each.
var shells = []need{{"zsh", "zsh"}, {"fish", "fish"}}

// directory lists the LDAP server that the tests of directories run, which is only on Linux, with its package.
var directory = []need{{"/usr/sbin/slapd", "slapd"}}

// MissingForDirectory returns the package of the LDAP server, if this machine does not have it and can.
func MissingForDirectory() []string {
	if runtime.GOOS != "linux" {
		return nil
	}
	return missingOf(directory)
}

// MissingForNode returns the packages that a real node needs and this machine does not have.
func MissingForNode() []string { return missingOf(node) }

// MissingForShells returns the packages of the shells that this machine does not have.
func MissingForShells() []string { return missingOf(shells) }

func missingOf(needs []need) []string {
	var missing []string
	for _, need := range needs {
		if !exists(need.file) {
			missing = append(missing, need.debianPackage)
		}
	}
	return missing
}

// MissingForRace returns the packages that the race detector needs, unless a C compiler finds its headers.
func MissingForRace() []string {
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "gcc"
	}
	cmd := exec.Command(compiler, "-E", "-")
	cmd.Stdin = strings.NewReader("#include <stdlib.h>\n")
	if cmd.Run() == nil {
		return nil
	}
	return []string{"gcc", "libc6-dev"}
}

// exists reports whether a file exists, by its path or as a command in $PATH.
func exists(file string) bool {
	if strings.HasPrefix(file, "/") {
		_, err := os.Stat(file)
		return err == nil
	}
	_, err := exec.LookPath(file)
	return err == nil
}
