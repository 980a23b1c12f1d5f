// Command becomeroot prints the uid and gid that a process can get by it: root's, where the kernel
// heeds the setuid bit.
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	_, _ = syscall.Setuid(0), syscall.Setgid(0) // what is printed tells whether they worked
	fmt.Printf("euid=%d ruid=%d\n", os.Geteuid(), os.Getuid())
}
