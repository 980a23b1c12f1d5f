package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Memory returns a figure of the child in bytes, as [MemoryOf] does.
func (p *Process) Memory(figure string) (int64, error) {
	memory, err := MemoryOf(p.Pid(), figure)
	if err != nil {
		return 0, fmt.Errorf("cannot measure the memory of %s: %w", p.Name(), err)
	}
	return memory, nil
}

// MemoryOf returns a figure of a process in bytes, as Linux names it: VmHWM is its peak, VmRSS what it has now.
func MemoryOf(pid int, figure string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		var kibibytes int64
		if n, _ := fmt.Sscanf(lines.Text(), figure+": %d kB", &kibibytes); n == 1 {
			return kibibytes * 1024, nil
		}
	}
	return 0, fmt.Errorf("no %s in\n%s", figure, status)
}
