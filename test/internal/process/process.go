package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// A Process is a running child.
type Process struct {
	command Command
	cmd     *exec.Cmd
	done    chan struct{}
	err     error // why it ended; read after done
	stopped bool
}

// Start starts the child and waits until it is ready. A child that is not
// ready in time is stopped, and the error shows the end of its log.
func Start(ctx context.Context, command Command) (*Process, error) {
	command.setDefaults()
	log, err := command.openLog()
	if err != nil {
		return nil, err
	}
	cmd, err := command.fork(log)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p := &Process{command: command, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		log.Close()
		close(p.done)
	}()
	if err := p.waitUntilReady(ctx); err != nil {
		p.end()
		return nil, fmt.Errorf("cannot start %s: %w\n%s", command.Name, err, Tail(command.LogFile))
	}
	return p, nil
}

// Name returns the name of the command.
func (p *Process) Name() string { return p.command.Name }

// Pid returns the process ID.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// LogFile returns the path of the log file.
func (p *Process) LogFile() string { return p.command.LogFile }

// Done returns a channel that is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the child. It returns an error if the child had ended by itself, or had to be killed. A
// second call does nothing.
func (p *Process) Stop() error {
	if p.stopped {
		return nil
	}
	p.stopped = true
	select {
	case <-p.done:
		return fmt.Errorf("%s ended by itself: %s\n%s", p.Name(), p.reason(), Tail(p.LogFile()))
	default:
	}
	if !p.end() {
		return fmt.Errorf("%s did not stop in %s and was killed", p.Name(), p.command.StopTimeout)
	}
	return nil
}

// end sends SIGTERM, kills the child if it does not end in time, and reports whether SIGTERM was enough.
func (p *Process) end() bool {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only if it ended meanwhile
	select {
	case <-p.done:
		return true
	case <-time.After(p.command.StopTimeout):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return false
}

func (p *Process) reason() string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}
