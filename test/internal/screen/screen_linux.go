package screen

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const patience = time.Minute // a job has to start in between

// A Screen is the terminal of one program.
type Screen struct {
	t        testing.TB
	cmd      *exec.Cmd
	user     *os.File // the keyboard, and what the screen shows
	terminal *os.File // the program's side
	before   *unix.Termios

	mutex sync.Mutex
	text  strings.Builder
	seen  int
	ended chan struct{}
}

// Start runs a program in a terminal of 24 lines of 80 characters. Its streams that are set stay.
func Start(t testing.TB, cmd *exec.Cmd) *Screen {
	t.Helper()
	user, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &Screen{t: t, cmd: cmd, user: user, terminal: terminal, ended: make(chan struct{})}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		terminal.Close()
		user.Close()
	})
	s.Resize(24, 80)
	s.before = s.flags()
	if cmd.Stdin == nil {
		cmd.Stdin = terminal
	}
	if cmd.Stdout == nil {
		cmd.Stdout = terminal
	}
	if cmd.Stderr == nil {
		cmd.Stderr = terminal
	}
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read()
	go func() {
		_ = cmd.Wait() // End has the exit code
		close(s.ended)
	}()
	return s
}

func (s *Screen) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.user.Read(buffer)
		s.mutex.Lock()
		s.text.Write(buffer[:n])
		s.mutex.Unlock()
		if err != nil {
			return
		}
	}
}

// Text returns everything that the screen has shown.
func (s *Screen) Text() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}

// Shows waits until the screen shows a text, after what it was waited for before.
func (s *Screen) Shows(text string) {
	s.t.Helper()
	timeout, ended := time.After(patience), s.ended
	for {
		all := s.Text()
		if i := strings.Index(all[s.seen:], text); i >= 0 {
			s.seen += i + len(text)
			return
		}
		select {
		case <-ended:
			timeout, ended = time.After(2*time.Second), nil // the rest arrives at once
		case <-timeout:
			s.t.Fatalf("%q does not show %q after %q", s.cmd.Args, text, all[:s.seen]+"|"+all[s.seen:])
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Type presses keys.
func (s *Screen) Type(keys string) {
	s.t.Helper()
	if _, err := s.user.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// Resize changes the size of the terminal's window.
func (s *Screen) Resize(rows, columns uint16) {
	s.t.Helper()
	if err := pty.Setsize(s.user, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		s.t.Fatal(err)
	}
}

// Signal sends a signal to the program.
func (s *Screen) Signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// End waits until the program ends, and returns its exit code. The terminal must be as before.
func (s *Screen) End() (code int) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("%q does not end: %s", s.cmd.Args, s.Text())
	}
	if diff := cmp.Diff(s.before, s.flags()); diff != "" {
		s.t.Errorf("%q leaves the terminal changed: %s", s.cmd.Args, diff)
	}
	return s.cmd.ProcessState.ExitCode()
}

func (s *Screen) flags() *unix.Termios {
	s.t.Helper()
	flags, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(errors.Join(errors.New("cannot read the flags of the terminal"), err))
	}
	return flags
}
