package lab

import (
	"errors"
	"testing"
)

// Require skips the test where there can be no lab.
func Require(t testing.TB) {
	t.Helper()
	if err := Supported(); errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
}
