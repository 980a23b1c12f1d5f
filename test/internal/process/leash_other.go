//go:build !linux

package process

// Leash returns path: only Linux kills a child when its parent dies. The variables only save time.
func Leash(path, _ string, _ ...string) (string, error) { return path, nil }
