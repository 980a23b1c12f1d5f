package paths

import "testing"

func TestAbsolute(t *testing.T) {
	for text, want := range map[string]string{
		"etc/passwd": "/etc/passwd", "./etc/passwd": "/etc/passwd", "../etc/passwd": "/etc/passwd", "//etc//passwd/": "/etc/passwd",
		"/etc/x/../passwd": "/etc/passwd", "": "/", ".": "/", "..": "/", "/..": "/", "/code": "/code",
	} {
		if got := Absolute(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestNeededBySystem(t *testing.T) {
	for _, needed := range []string{
		"/", "/proc", "/proc/self", "/sys/fs/cgroup", "/dev", "/dev/code", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/local",
		"/usr/local/bin", "/etc", "/etc/ssh", "/etc/mpi", "/run", "/run/sshd", "/var", "/var/run/code", "/root", "/root/.ssh", "/root/.ssh/code",
		"/lib", "/lib64", "/bin", "/sbin", "/opt", "/boot",
	} {
		if !NeededBySystem(needed) {
			t.Errorf("a mount at %s is accepted", needed)
		}
	}
	for _, free := range []string{
		"/code", "/workspace", "/root/code", "/opt/code", "/usr/local/src/code", "/usr/src/app", "/home/alice/code", "/var/lib/code", "/srv",
		"/tmp/code", "/etcetera", "/library", "/procs",
	} {
		if NeededBySystem(free) {
			t.Errorf("a mount at %s is refused", free)
		}
	}
}
