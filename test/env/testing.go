package env

import (
	"context"
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

// Main runs a package's tests with one environment for all of them:
//
//	func TestMain(m *testing.M) { os.Exit(env.Main(m, env.Options{}, &cluster)) }
func Main(m *testing.M, options Options, started **Env) (code int) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	e, err := Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := e.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}()
	*started = e
	return m.Run()
}
