// Package filelock lets processes take turns.
package filelock
