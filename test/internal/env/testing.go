package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// startTimeout bounds the start of everything together.
const startTimeout = 3 * time.Minute

// New starts an environment for one test, which stops it at its end.
func New(t testing.TB, options Options) *Env {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	e, err := Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Main starts one environment for all tests of a package and returns the program's exit code:
//
//	func TestMain(m *testing.M) { os.Exit(env.Main(env.Options{}, func(e *env.Env) (int, error) { cluster = e; return m.Run(), nil })) }
func Main(options Options, run func(*Env) (code int, err error)) (code int) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	e, err := Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code, err = run(e)
	if err := errors.Join(err, e.Stop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}
