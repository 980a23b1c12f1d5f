package main

import "runtime/debug"

// version is the one that the go command recorded: a tag, or the commit's pseudo-version.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
