package env

import (
	"context"
	"testing"
	"time"
)

// startTimeout bounds the start of everything together.
const startTimeout = 3 * time.Minute

// New starts an environment, and stops it when the test ends.
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
