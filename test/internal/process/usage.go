package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// CPU returns the CPU time that the process has used. It needs Linux.
func (p *Process) CPU() (time.Duration, error) { return CPU(p.Pid()) }

// CPU returns the CPU time that a process has used. It needs Linux.
func CPU(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	const tick = 10 * time.Millisecond                                  // USER_HZ is 100 on every platform
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])     // from the state, the third field
	user, userErr := strconv.ParseInt(string(fields[14-3]), 10, 64)     // utime
	system, systemErr := strconv.ParseInt(string(fields[15-3]), 10, 64) // stime
	if userErr != nil || systemErr != nil {
		return 0, fmt.Errorf("cannot read the CPU time of a process: %s", stat)
	}
	return time.Duration(user+system) * tick, nil
}

// MaxMemory returns a bound of the memory that a process had, in bytes, after its end. It needs Linux, which includes
// the memory of the parent.
func MaxMemory(state *os.ProcessState) int64 {
	usage, isUnix := state.SysUsage().(*syscall.Rusage)
	if !isUnix {
		return 0
	}
	return usage.Maxrss * 1024
}
