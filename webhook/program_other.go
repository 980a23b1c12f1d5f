//go:build !linux

package main

// unmapProgram does nothing: replicas run on Linux.
func unmapProgram() error { return nil }
