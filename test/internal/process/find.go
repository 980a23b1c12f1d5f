package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Find returns the id of the process of this machine, which must have Linux, whose cgroups and command line are accepted.
func Find(accept func(groups string, command []string) bool) (pid int, err error) {
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
