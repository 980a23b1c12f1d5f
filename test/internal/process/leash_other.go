//go:build !linux

package process

// Leash returns path: only Linux kills a child when its parent dies.
func Leash(path, _ string) (string, error) { return path, nil }
