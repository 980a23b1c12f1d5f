package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"k8s.io/apimachinery/pkg/types"
)

// Signal sends a signal to the process of a pod that runs a program. The node's processes are this machine's, too.
func (*Lab) Signal(pod types.UID, program string, signal syscall.Signal) error {
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return err
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		groups, _ := os.ReadFile(file) // the process may have ended
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		path, _, _ := strings.Cut(string(command), "\x00")
		inLab, inPod := strings.Contains(string(groups), "/"+cgroupName+"/"), strings.Contains(string(groups), "/pod"+string(pod)+"/")
		if !inLab || !inPod || path != program {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			return err
		}
		return syscall.Kill(pid, signal)
	}
	return fmt.Errorf("no process in the pod %s runs %s", pod, program)
}
