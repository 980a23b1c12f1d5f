package process

import "syscall"

// attributes let the kernel kill the child when this program dies without
// stopping it, and keep the terminal's interrupt for the parent.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
