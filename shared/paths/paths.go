// Package paths compares the paths of mounts as a container runtime sees them.
package paths

import (
	"path"
	"slices"
	"strings"
)

// Absolute returns what the kubelet and the container runtime make of a mount path: "etc/passwd",
// "/etc//passwd" and "/etc/x/../passwd" are all /etc/passwd.
func Absolute(p string) string {
	if path.IsAbs(p) { // as in almost every job: a clean path is returned as it is
		return path.Clean(p)
	}
	// rule T40 in test/forgery TestT40RelativePaths: a path that the kubelet makes absolute
	// without: return path.Clean(p)
	return path.Join("/", p)
}

// IsBelow reports whether a path is inside a directory. Both are absolute and clean.
func IsBelow(p, dir string) bool { return strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }

// Overlaps reports whether a path is at, above or below one of the trees.
func Overlaps(p string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool { return p == tree || IsBelow(p, tree) || IsBelow(tree, p) })
}

// systemTrees have the kernel's files, the programs and libraries of an image, and what ssh needs. Nothing
// may be mounted at, above or below one.
var systemTrees = []string{
	"/proc", "/sys", "/dev", "/etc", "/boot", "/run", "/var/run", "/root/.ssh",
	"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
	"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec",
}

// programDirs are where images install MPI. A mount below one hides only itself.
var programDirs = []string{
	"/opt", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/local/lib64", "/usr/local/libexec",
}

// NeededBySystem reports whether a mount at an absolute clean path hides files without which a container, its
// sshd or MPI does not work.
func NeededBySystem(p string) bool {
	return Overlaps(p, systemTrees) || slices.Contains(programDirs, p)
}
