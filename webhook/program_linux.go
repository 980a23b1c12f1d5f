package main

import (
	"fmt"
	"syscall"

	"github.com/prometheus/procfs"
)

// unmapProgram gives back the pages of the program's code: the start runs most of it, once. What runs again is mapped
// again from the file, page by page.
func unmapProgram() error {
	self, err := procfs.Self()
	if err != nil {
		return fmt.Errorf("cannot find this process: %w", err)
	}
	program, err := self.Executable()
	if err != nil {
		return fmt.Errorf("cannot find the program: %w", err)
	}
	mappings, err := self.ProcMaps()
	if err != nil {
		return fmt.Errorf("cannot read the mappings: %w", err)
	}
	for _, m := range mappings {
		if m.Pathname != program || !m.Perms.Execute || m.Perms.Write { // what is not code may have been changed by a linker
			continue
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.StartAddr, m.EndAddr-m.StartAddr, syscall.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("cannot unmap the code: %w", errno)
		}
	}
	return nil
}
