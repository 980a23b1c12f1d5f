package process

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func shell(t *testing.T, script string) Command {
	t.Helper()
	return Command{Name: "child", Path: "/bin/sh", Args: []string{"-c", script}, LogFile: filepath.Join(t.TempDir(), "log")}
}

func never(context.Context) error { return errors.New("it does not answer") }

func TestStartFails(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         []string
	}{
		{"it ends by itself", "echo the reason; exit 3", []string{"cannot start child: it ended: exit status 3", "the reason"}},
		{"it never becomes ready", "echo waiting; exec sleep 60",
			[]string{"cannot start child: not ready after 300ms: it does not answer", "waiting"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			command := shell(t, test.script)
			command.Ready, command.StartTimeout = never, 300*time.Millisecond
			_, err := Start(t.Context(), command)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func TestStop(t *testing.T) {
	for _, test := range []struct {
		name, script, want string
	}{
		{"it ends on SIGTERM", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done", ""},
		{"it does not", "trap '' TERM; echo up; while :; do sleep 0.05; done", "child did not stop in 300ms and was killed"},
		{"it had ended", "echo up; echo a bug; exit 1", "child ended by itself: exit status 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			command := shell(t, test.script)
			command.StopTimeout = 300 * time.Millisecond
			command.Ready = func(context.Context) error {
				if !strings.Contains(Tail(command.LogFile), "up") {
					return errors.New("not up")
				}
				return nil
			}
			child, err := Start(t.Context(), command)
			if err != nil && test.name == "it had ended" {
				return // it ended before the first readiness check
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.name == "it had ended" {
				<-child.Done()
			}
			if err := child.Stop(); (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err := child.Stop(); err != nil {
				t.Errorf("the second time: %v", err)
			}
			<-child.Done()
		})
	}
}

func TestTailIsShort(t *testing.T) {
	child, err := Start(t.Context(), shell(t, "seq 1000"))
	if err != nil {
		t.Fatal(err)
	}
	<-child.Done()
	tail := Tail(child.LogFile())
	if !strings.Contains(tail, "1000") || strings.Contains(tail, "\n980\n") || !strings.Contains(tail, "\n981\n") {
		t.Errorf("got %s", tail)
	}
}
