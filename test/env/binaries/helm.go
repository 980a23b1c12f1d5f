package binaries

import (
	"context"
	"path/filepath"
	"time"
)

const (
	helmCommand = "helm.sh/helm/v4/cmd/helm"
	helmVersion = "v4.3.1"
)

// addHelm installs helm as its own module says: a tool is not a dependency of any server's.
func (c *catalog) addHelm() {
	home := filepath.Join(c.cache, "helm")
	target := filepath.Join(home, helmVersion+"-"+platform(), "helm")
	c.binaries = append(c.binaries, &binary{
		name:    "helm",
		version: helmVersion,
		path:    target,
		usually: 2 * time.Minute,
		build:   func(ctx context.Context) error { return installHelm(ctx, home, target) },
	})
}

func installHelm(ctx context.Context, home, target string) error {
	return inTempDir(home, func(tmp string) error {
		built, err := install(ctx, tmp, helmCommand, helmVersion)
		if err != nil {
			return err
		}
		return moveFile(built, target)
	})
}
