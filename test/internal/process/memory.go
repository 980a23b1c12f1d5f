package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Memory returns a figure of the child in bytes, as Linux names it: VmHWM is its peak, VmRSS what it has now.
func (p *Process) Memory(figure string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		return 0, fmt.Errorf("cannot measure the memory of %s: %w", p.Name(), err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		var kibibytes int64
		if n, _ := fmt.Sscanf(lines.Text(), figure+": %d kB", &kibibytes); n == 1 {
			return kibibytes * 1024, nil
		}
	}
	return 0, fmt.Errorf("cannot measure the memory of %s: no %s in\n%s", p.Name(), figure, status)
}
