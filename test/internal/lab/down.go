package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Down ends the lab that was left running on this machine, and removes what a killed one left.
func Down(ctx context.Context) error {
	impatient, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	turn, err := take(impatient, io.Discard)
	if errors.Is(err, context.DeadlineExceeded) {
		if err := end(); err != nil {
			return err
		}
		turn, err = take(ctx, io.Discard)
	}
	if err != nil {
		return err
	}
	turn.Release()
	return nil
}

// end signals the running lab to end. Its process holds the lock, so its process ID has not been reused.
func end() error {
	running, err := readRecord()
	if err != nil {
		return err
	}
	if !running.Detached {
		return fmt.Errorf("the lab on this machine belongs to process %d, and only that process can end it", running.Pid)
	}
	if err := syscall.Kill(running.Pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cannot end the lab of process %d: %w", running.Pid, err)
	}
	return nil
}

// Shell returns an interactive shell in which kubectl talks to the running lab, and "nsenter -t $NODE
// -a" enters the node.
func Shell(ctx context.Context) (*exec.Cmd, error) {
	running, err := readRecord()
	if err != nil {
		return nil, err
	}
	if running.Kubeconfig == "" {
		return nil, errors.New("no lab is up: run make lab-up")
	}
	cmd := exec.CommandContext(ctx, "bash", "--norc")
	cmd.Env = append(os.Environ(),
		"KUBECONFIG="+running.Kubeconfig,
		"PATH="+filepath.Dir(running.Kubectl)+":"+os.Getenv("PATH"),
		"NODE="+strconv.Itoa(running.NodePid),
		`PS1=(lab) \w \$ `,
	)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}
