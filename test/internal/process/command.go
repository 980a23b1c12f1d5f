package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

const (
	defaultStartTimeout = 30 * time.Second
	defaultStopTimeout  = 10 * time.Second
)

// A Command describes a child.
type Command struct {
	Name string // for messages
	Path string
	Args []string
	Env  []string // default: the parent's
	Dir  string

	LogFile string    // takes both outputs, appended
	Output  io.Writer // takes both outputs too, if set

	// Ready is called until it returns nil. Default: a child is ready when it runs.
	Ready func(context.Context) error

	StartTimeout time.Duration // default: 30 s
	StopTimeout  time.Duration // default: 10 s; then the child is killed
}

func (c *Command) setDefaults() {
	if c.StartTimeout == 0 {
		c.StartTimeout = defaultStartTimeout
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = defaultStopTimeout
	}
}

func (c *Command) openLog() (*os.File, error) {
	log, err := os.OpenFile(c.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the log of %s: %w", c.Name, err)
	}
	return log, nil
}

func (c *Command) fork(log *os.File) (*exec.Cmd, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	cmd.SysProcAttr = attributes()
	cmd.Stdout = log
	if c.Output != nil {
		cmd.Stdout = io.MultiWriter(log, c.Output)
		cmd.WaitDelay = time.Second // a grandchild may hold the pipe
	}
	cmd.Stderr = cmd.Stdout
	if err := OnForkThread(cmd.Start); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", c.Name, err)
	}
	return cmd, nil
}
