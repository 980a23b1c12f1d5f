package lab

import (
	"context"
	"io"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// EnsureImages builds the images unless the cache has them. Progress is written to log.
func EnsureImages(ctx context.Context, log io.Writer) error {
	if err := Supported(); err != nil {
		return err
	}
	node, err := binaries.Find(binaries.Containerd, binaries.ContainerdShim, binaries.Ctr)
	if err != nil {
		return err
	}
	images, err := newStore(node)
	if err != nil || exists(images.path) {
		return err
	}
	turn, err := Take(ctx)
	if err != nil {
		return err
	}
	defer turn.Release()
	if exists(images.path) {
		return nil
	}
	return images.make(ctx, node, log)
}
