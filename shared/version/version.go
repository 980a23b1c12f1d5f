// Package version reports which build of the product runs.
package version

import "runtime/debug"

// String returns the version that the go command recorded in the binary: a tag or the commit's
// pseudo-version. Default: (devel).
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
