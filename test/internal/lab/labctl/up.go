package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// ready is the line that "serve" prints for "up" when the lab runs.
const ready = "ready"

// up starts a lab in the background: this program as command, which serves, in its own session.
func up(ctx context.Context, command string) error {
	if err := lab.Supported(); err != nil {
		return err
	}
	fmt.Println("Starting the lab. If another lab runs on this machine, this waits until it ends.")
	start := time.Now()
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot start the lab: %w", err)
	}
	cmd := exec.Command("setsid", program, command)
	output, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("cannot start the lab: %w", err)
	}
	log, err := os.CreateTemp("", "runai-mpi-lab-*.log")
	if err != nil {
		return fmt.Errorf("cannot start the lab: %w", err)
	}
	defer os.Remove(log.Name()) //nolint:errcheck // nobody reads it later
	cmd.Stderr = log            // not ours: a program that reads ours to its end would wait for the lab's
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the lab: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) }) // it may have ended
	defer stop()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if lines.Text() == ready {
			fmt.Printf("The lab is up after %s. make lab-shell opens a shell in it, make lab-down ends it.\n",
				time.Since(start).Round(100*time.Millisecond))
			return cmd.Process.Release()
		}
	}
	return errors.Join(cmd.Wait(), errors.New(process.Tail(log.Name())))
}
