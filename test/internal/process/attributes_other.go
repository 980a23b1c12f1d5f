//go:build !linux

package process

import "syscall"

// attributes leave the child in the parent's process group, so that a terminal's interrupt ends both.
func attributes() *syscall.SysProcAttr { return nil }
