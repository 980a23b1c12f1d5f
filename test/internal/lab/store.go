package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// ErrNoImages is returned by Start if the images are not built yet.
var ErrNoImages = errors.New("the images are missing: run make lab-images")

// A store is containerd's folder with all images unpacked. Each lab starts with a copy of it.
type store struct {
	home string // of all stores
	path string
}

func newStore(node binaries.Set) (*store, error) {
	home, err := cacheDir()
	if err != nil {
		return nil, err
	}
	digest, err := images.Digest()
	if err != nil {
		return nil, err
	}
	home = filepath.Join(home, "stores")
	version := filepath.Base(filepath.Dir(node[binaries.Containerd]))
	return &store{home: home, path: filepath.Join(home, version+"-"+digest)}, nil
}

// copy returns the folder of a copy. It is quick: files that containerd never changes are hard links.
func (s *store) copy(ctx context.Context) (string, error) {
	if !exists(s.path) {
		return "", ErrNoImages
	}
	dir, err := os.MkdirTemp(s.home, ".lab-")
	if err != nil {
		return "", fmt.Errorf("cannot copy the images: %w", err)
	}
	if err := run(ctx, "cp", "--archive", "--link", s.path+"/.", dir); err != nil {
		return "", fmt.Errorf("cannot copy the images: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return dir, errors.Join(unlinkDatabases(ctx, dir))
}

// unlinkDatabases replaces the linked databases in the copy, because containerd writes to them.
func unlinkDatabases(ctx context.Context, dir string) error {
	databases, err := filepath.Glob(filepath.Join(dir, "*", "*.db"))
	if err != nil || len(databases) == 0 {
		return fmt.Errorf("cannot copy the images: no database: %w", err)
	}
	for _, database := range databases {
		if err := run(ctx, "cp", "--archive", "--remove-destination", database, database+".copy"); err != nil {
			return fmt.Errorf("cannot copy the images: %w", err)
		}
		if err := os.Rename(database+".copy", database); err != nil {
			return fmt.Errorf("cannot copy the images: %w", err)
		}
	}
	return nil
}

// make imports the images into a temporary containerd, and keeps its folder.
func (s *store) make(ctx context.Context, node binaries.Set, log io.Writer) (err error) {
	if err := os.MkdirAll(s.home, 0o755); err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	tmp, err := os.MkdirTemp(s.home, ".make-")
	if err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	defer os.RemoveAll(tmp)
	root := filepath.Join(tmp, "root")
	if err := os.Mkdir(root, 0o711); err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	n, err := newNamespaces(ctx, filepath.Join(tmp, "node"), root)
	if err != nil {
		return err
	}
	if err := errors.Join(s.fill(ctx, n, node, log), n.stop()); err != nil {
		return fmt.Errorf("cannot make the images: %w", err)
	}
	return os.Rename(root, s.path)
}

func (s *store) fill(ctx context.Context, n *namespaces, node binaries.Set, log io.Writer) error {
	command, err := containerd(n, node)
	if err != nil {
		return err
	}
	command.LogFile = filepath.Join(n.dir, "containerd.log")
	daemon, err := process.Start(ctx, command)
	if err != nil {
		return err
	}
	return errors.Join(s.importImages(ctx, n, node, log), daemon.Stop())
}

// importImages streams the images: an archive of all of them would be as large as the store.
func (s *store) importImages(ctx context.Context, n *namespaces, node binaries.Set, log io.Writer) error {
	args := n.enterArgs(node[binaries.Ctr])
	cmd := exec.CommandContext(ctx, "nsenter", append(args, "--namespace", "k8s.io", "images", "import", "-")...)
	cmd.Stdout, cmd.Stderr = log, log
	archive, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = errors.Join(images.Write(ctx, archive, filepath.Dir(s.home), log), archive.Close())
	return errors.Join(err, cmd.Wait())
}
