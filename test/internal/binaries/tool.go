package binaries

import (
	"context"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const (
	helmCommand = "helm.sh/helm/v4/cmd/helm"
	helmVersion = "v4.3.1"
	kwokCommand = "sigs.k8s.io/kwok/cmd/kwok"
	kwokVersion = "v0.8.0"
)

// addTool adds a command that is built with the dependencies of its own module, since no server depends on it.
func (c *catalog) addTool(command, version string) {
	name := path.Base(command)
	module, _, _ := strings.Cut(command, "/cmd/")
	home := filepath.Join(c.cache, name)
	target := filepath.Join(home, version+"-"+platform(), name)
	c.binaries = append(c.binaries, &binary{
		name:    Name(name),
		version: version,
		path:    target,
		usually: 2 * time.Minute,
		build:   func(ctx context.Context) error { return installTool(ctx, home, target, command, version) },
		source:  func() (string, error) { return moduleDir(c.root, module+"@"+version) },
	})
}

func installTool(ctx context.Context, home, target, command, version string) error {
	return inTempDir(home, func(tmp string) error {
		built, err := install(ctx, tmp, command, version)
		if err != nil {
			return err
		}
		return moveFile(built, target)
	})
}
