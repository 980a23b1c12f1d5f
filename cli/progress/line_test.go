package progress

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A screen is written by the line and by a test.
type screen struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (s *screen) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(text)
}

func (s *screen) take() string {
	synctest.Wait()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

func TestTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		line := New(&out, func() int { return 40 })
		stdout := line.Above(&out)
		step := func(name string, pause time.Duration, want string) {
			t.Helper()
			time.Sleep(pause)
			if got := out.take(); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		line.Show("waiting for pods")
		step("a short wait", 500*time.Millisecond, "")
		step("a longer wait", 600*time.Millisecond, "\r\x1b[Kwaiting for pods (1s)")
		line.Show("waiting for\n\x1b[2Jthe other pods, which are not there")
		step("hostile and long", time.Second, "\r\x1b[Kwaiting for\\n\\x1b[2Jthe other pod… (2s)")
		_, _ = stdout.Write([]byte("a line\n"))
		step("output", 0, "\r\x1b[Ka line\n")
		_, _ = stdout.Write([]byte("no line end"))
		step("more output", 0, "no line end")
		step("after a line without an end", time.Second, "\nwaiting for\\n\\x1b[2Jthe other pod… (3s)")
		line.Clear()
		step("cleared", 5*time.Second, "\r\x1b[K")
		line.Show("again")
		step("another wait", 1100*time.Millisecond, "\r\x1b[Kagain (1s)")
		line.Clear()
	})
}

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		line := New(&out, nil)
		for _, step := range []struct{ text, want string }{
			{"0 of 10 pods are running", "0 of 10 pods are running\n"},
			{"9 of 10 pods are running", ""},
			{"cannot reach the API server", "cannot reach the API server\n"},
			{"9 of 10 pods are running", "9 of 10 pods are running\n"},
		} {
			line.Show("gone in a moment")
			line.Show(step.text)
			time.Sleep(3 * interval)
			if got := out.take(); got != step.want {
				t.Errorf("%s: got %q", step.text, got)
			}
		}
		line.Clear()
		if got := out.take(); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"grüße", 20, "grüße (1s)"},
		{"grüße", 11, "grüße (1s)"},
		{"grüße", 10, "grü… (1s)"},
		{"grüße", 0, "… (1s)"},
	} {
		if got := fit(test.text, " (1s)", test.width); got != test.want {
			t.Errorf("%s in %d: got %q", test.text, test.width, got)
		}
	}
}

func TestNil(*testing.T) {
	var line *Line
	line.Show("nothing")
	line.Clear()
}
