package lab

import (
	"context"
	_ "embed" // the script
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

//go:embed files/namespaces.sh
var namespacesScript string

// namespaces are those that the node runs in.
type namespaces struct {
	dir    string // what the node writes to /run, /var/lib and /var/log
	holder *process.Process
	pid    int // of the first process
}

// newNamespaces starts the process that holds the namespaces. Everything in them ends with it.
func newNamespaces(ctx context.Context, dir, containerdRoot string) (*namespaces, error) {
	n := &namespaces{dir: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the node's folder: %w", err)
	}
	script := filepath.Join(dir, "namespaces.sh")
	if err := os.WriteFile(script, []byte(namespacesScript), 0o700); err != nil {
		return nil, fmt.Errorf("cannot write the node's first program: %w", err)
	}
	var err error
	n.holder, err = process.Start(ctx, process.Command{
		Name: "namespaces",
		Path: "unshare",
		Args: []string{
			"--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", script, dir, containerdRoot,
		},
		LogFile: filepath.Join(dir, "namespaces.log"),
		Ready: func(context.Context) error {
			_, err := os.Stat(filepath.Join(dir, "ready"))
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	if n.pid, err = childOf(n.holder.Pid()); err != nil {
		return nil, fmt.Errorf("cannot find the node's first process: %w: %w", err, n.stop())
	}
	return n, nil
}

// enter returns the command with its program in the namespaces.
func (n *namespaces) enter(command process.Command) process.Command {
	command.Args = append(n.enterArgs(command.Path), command.Args...)
	command.Path = "nsenter"
	return command
}

func (n *namespaces) enterArgs(program string) []string {
	return []string{"--target", strconv.Itoa(n.pid), "--mount", "--net", "--ipc", "--pid", program}
}

// empty kills all processes but the first one, which keeps the network.
func (n *namespaces) empty() error {
	args := append([]string{"nsenter"}, n.enterArgs("sh")...)
	return run(context.Background(), append(args, "-c", "kill -KILL -1")...)
}

// stop kills the first process, which has nothing to save. The kernel then kills all others.
func (n *namespaces) stop() error {
	select {
	case <-n.holder.Done():
		return n.holder.Stop() // returns that it ended by itself
	default:
	}
	if err := syscall.Kill(n.pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("cannot end the node's namespaces: %w", err)
	}
	<-n.holder.Done()
	return nil
}

func childOf(pid int) (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}
