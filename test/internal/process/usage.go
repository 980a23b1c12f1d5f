package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Memory returns a figure of /proc/PID/status in bytes, for example VmHWM, the peak. It needs Linux.
func (p *Process) Memory(figure string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		var kibibytes int64
		if n, _ := fmt.Sscanf(lines.Text(), figure+": %d kB", &kibibytes); n == 1 {
			return kibibytes * 1024, nil
		}
	}
	return 0, fmt.Errorf("%s has no %s", p.Name(), figure)
}

// CPU returns the CPU time that the process has used. It needs Linux.
func (p *Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
	if err != nil {
		return 0, err
	}
	const tick = 10 * time.Millisecond                                  // USER_HZ is 100 on every platform
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])     // from the state, the third field
	user, userErr := strconv.ParseInt(string(fields[14-3]), 10, 64)     // utime
	system, systemErr := strconv.ParseInt(string(fields[15-3]), 10, 64) // stime
	if userErr != nil || systemErr != nil {
		return 0, fmt.Errorf("cannot read the CPU time of %s: %s", p.Name(), stat)
	}
	return time.Duration(user+system) * tick, nil
}
