package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Signal sends a signal to the process of a pod that runs a program. The node's processes are this machine's, too.
func (*Lab) Signal(pod types.UID, program string, signal syscall.Signal) error {
	pid, err := processIn(pod, program)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, signal)
}

// processIn returns the id of the process of a pod that runs a program.
func processIn(pod types.UID, program string) (pid int, err error) {
	pid, err = findProcess(func(groups string, command []string) bool {
		inLab, inPod := strings.Contains(groups, "/"+cgroupName+"/"), strings.Contains(groups, "/pod"+string(pod)+"/")
		return inLab && inPod && command[0] == program
	})
	if err != nil {
		return 0, fmt.Errorf("no process in the pod %s runs %s", pod, program)
	}
	return pid, nil
}

// PulseEtcd slows etcd down until the context ends, as a disk would: it runs for a moment, and then stands still for the
// pause.
func (l *Lab) PulseEtcd(ctx context.Context, pause time.Duration) error {
	dataDir := "--data-dir=" + filepath.Join(l.Dir, "etcd")
	pid, err := findProcess(func(_ string, command []string) bool { return slices.Contains(command, dataDir) })
	if err != nil {
		return fmt.Errorf("cannot find etcd: %w", err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	for ctx.Err() == nil {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return fmt.Errorf("cannot stop etcd: %w", err)
		}
		time.Sleep(pause)
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			return fmt.Errorf("cannot continue etcd: %w", err)
		}
		time.Sleep(pause / 10)
	}
	return nil
}

// KillAPIServer ends the API server as a crash does: one that is told to stop waits for its clients. RestartAPIServer
// starts it again.
func (l *Lab) KillAPIServer() error {
	certDir := "--cert-dir=" + filepath.Join(l.Dir, "kube-apiserver")
	pid, err := findProcess(func(_ string, command []string) bool { return slices.Contains(command, certDir) })
	if err != nil {
		return fmt.Errorf("cannot find the API server: %w", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("cannot kill the API server: %w", err)
	}
	for exists(fmt.Sprint("/proc/", pid)) {
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// findProcess returns the id of the process whose cgroups and command line are accepted.
func findProcess(accept func(groups string, command []string) bool) (pid int, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		groups, _ := os.ReadFile(file) // the process may have ended
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if accept(string(groups), strings.Split(string(command), "\x00")) {
			return strconv.Atoi(filepath.Base(dir))
		}
	}
	return 0, os.ErrProcessDone
}
