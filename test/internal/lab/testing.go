package lab

import (
	"errors"
	"testing"
)

// Require skips the test on machines that cannot run a lab.
func Require(t testing.TB) {
	t.Helper()
	if err := Supported(); errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
}
