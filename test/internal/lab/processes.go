package lab

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
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
	pid, err = process.Find(func(groups string, command []string) bool {
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
	pid, err := process.Find(func(_ string, command []string) bool { return slices.Contains(command, dataDir) })
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
