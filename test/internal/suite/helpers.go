package suite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// Soon is long enough for anything that a control plane does by itself.
const Soon = 30 * time.Second

const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 500 * time.Millisecond
)

// Eventually calls check until it returns nil, and fails the test with its last error if that takes too long.
// It polls less often the longer it has waited, because some checks start a program.
func Eventually(t testing.TB, what string, timeout time.Duration, check func() error) {
	t.Helper()
	start := time.Now()
	for {
		err := check()
		if err == nil {
			return
		}
		waited := time.Since(start)
		if waited > timeout {
			t.Fatalf("%s: not within %s: %s", what, timeout, err)
		}
		time.Sleep(min(max(shortestPause, waited/20), longestPause))
	}
}

// Create creates an object as a user, and returns what was stored.
func Create[T client.Object](t testing.TB, user client.Client, object T) T {
	t.Helper()
	if err := user.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	return object
}

// Kubectl runs kubectl as a user, and returns what it prints.
func Kubectl(t testing.TB, user *env.User, stdin string, args ...string) (stdout string) {
	t.Helper()
	stdout, _, err := user.Kubectl(t.Context(), strings.NewReader(stdin), args...)
	if err != nil {
		t.Fatal(err)
	}
	return stdout
}

// Says returns an error unless the text contains every part.
func Says(text string, parts ...string) error {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return fmt.Errorf("%q does not contain %q", text, part)
		}
	}
	return nil
}

// Refused returns an error unless an answer is a refusal for this reason.
func Refused(answer error, reason string) error {
	if answer == nil {
		return errors.New("the request was not refused")
	}
	return Says(answer.Error(), reason)
}
