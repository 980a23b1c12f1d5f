package state

import "fmt"

// WithoutOutput returns that the launcher, or a pod that the user named, has no output, and whether there can be some
// later.
func (s Job) WithoutOutput(pod string) string {
	what, reader := fmt.Sprintf("job %q", s.MPIJob.Name), "its launcher"
	if pod != "" {
		what, reader = fmt.Sprintf("pod %q", pod), "this pod"
	}
	switch {
	case !s.IsFinished():
		return what + " has no output yet"
	case pod == "" && s.Launcher() == nil:
		return what + " has ended, and its launcher no longer exists"
	}
	return what + " has no output: the job ended before " + reader + " started"
}
