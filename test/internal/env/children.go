package env

import (
	"context"
	"os"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// StartProcess starts another child, which Stop stops. The default log file is LogFile(command.Name). The
// default environment is this program's, without variables for another cluster.
func (e *Env) StartProcess(ctx context.Context, command process.Command) (*process.Process, error) {
	if command.LogFile == "" {
		command.LogFile = e.LogFile(command.Name)
	}
	if command.Env == nil {
		command.Env = cleanEnv("HOME=" + e.Dir)
	}
	child, err := process.Start(ctx, command)
	if err != nil {
		return nil, err
	}
	e.AtStop(child.Stop)
	return child, nil
}

// cleanEnv returns this program's environment without the variables that would lead a child to another cluster. Features
// of clients stay.
func cleanEnv(more ...string) []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "KUBE") || strings.HasPrefix(entry, "KUBE_FEATURE_") {
			env = append(env, entry)
		}
	}
	return append(env, more...)
}
