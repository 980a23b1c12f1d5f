package lab

import (
	"context"
	_ "embed" // the configuration
	"fmt"
	"os"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

var (
	//go:embed files/containerd.toml
	containerdConfig string
	//go:embed files/cni.conflist
	cniConfig string
)

// containerd returns the command that runs containerd in the namespaces, where its socket has its usual path.
// It is ready when the socket exists.
func containerd(n *namespaces, node binaries.Set) (process.Command, error) {
	config, err := n.writeFiles(map[string]string{"containerd.toml": containerdConfig, "cni/net.d/lab.conflist": cniConfig})
	if err != nil {
		return process.Command{}, err
	}
	return n.enter(process.Command{
		Name: "containerd",
		Path: node[binaries.Containerd],
		Args: []string{"--config", config["containerd.toml"]},
		Env:  append(os.Environ(), "PATH="+filepath.Dir(node[binaries.ContainerdShim])+":"+os.Getenv("PATH")),
		Ready: func(context.Context) error {
			_, err := os.Stat(filepath.Join(n.dir, "run/containerd/containerd.sock"))
			return err
		},
	}), nil
}

// writeFiles writes to the folder that the node sees as /run, and returns the paths of the files on the node.
func (n *namespaces) writeFiles(files map[string]string) (map[string]string, error) {
	paths := map[string]string{}
	for name, content := range files {
		file := filepath.Join(n.dir, "run/lab", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, fmt.Errorf("cannot configure the node: %w", err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("cannot configure the node: %w", err)
		}
		paths[name] = "/run/lab/" + name
	}
	return paths, nil
}
