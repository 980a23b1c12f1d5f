// Package version reports which build of the product runs.
package version

import "runtime/debug"

// version is set by the linker: make build passes -X github.com/runai-mpi/runai-mpi/shared/version.version=VERSION.
var version string

// String returns the version that the linker has set. Default: the one that the go command recorded in the binary, a
// tag or the commit's pseudo-version, or (devel).
func String() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
