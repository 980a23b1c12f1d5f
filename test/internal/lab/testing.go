package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// Main starts one lab for all tests of a package and returns the program's exit code, as env.Main does.
// Where there can be no lab, run gets nil, for the tests to skip.
func Main(options Options, run func(*Lab) (code int, err error)) (code int) {
	l, err := Start(context.Background(), options)
	if errors.Is(err, ErrUnsupported) {
		l, err = nil, nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code, err = run(l)
	if l != nil {
		err = errors.Join(err, l.Stop())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Require skips the test where there can be no lab.
func Require(t testing.TB) {
	t.Helper()
	if err := Supported(); errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
}
