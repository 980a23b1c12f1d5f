package jobs

import (
	"context"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

// Bash is runai bash.
type Bash struct {
	Name string `arg:"" name:"NAME" complete:"jobs" help:"Name of the job."`
	Pod  string `placeholder:"POD" complete:"pods" help:"Pod in which to open the shell. Default: the launcher. Example: --pod worker-0"`
}

// Help returns examples.
func (*Bash) Help() string {
	return `Examples:

    runai bash dist1
    runai bash dist1 --pod worker-0`
}

// shell is bash, or sh in an image without it.
const shell = "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"

// Run opens a shell in a pod of a job. It ends with the shell's exit code.
func (b *Bash) Run(ctx context.Context, run *invocation.Invocation) error {
	exec := Exec{Name: b.Name, Pod: b.Pod, Stdin: true, TTY: true}
	return exec.in(ctx, run, []string{"sh", "-c", shell})
}
