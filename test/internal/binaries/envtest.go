package binaries

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	setupEnvtestCommand = "sigs.k8s.io/controller-runtime/tools/setup-envtest"
	setupEnvtestVersion = "v0.25.1"
	setupEnvtestTimeout = 90 * time.Second
)

// preferEnvtest uses the binaries of envtest instead of ours, if there are any.
func (c *catalog) preferEnvtest() {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		dir = c.downloadedEnvtest()
	}
	if dir == "" {
		return
	}
	for _, name := range envtestProvides {
		c.find(name).path = filepath.Join(dir, string(name))
	}
}

// tryEnvtest downloads envtest's archive if it has a missing binary. If that fails, the servers are built, and
// the next run finds them and does not try again.
func (c *catalog) tryEnvtest(ctx context.Context, log io.Writer, needed []Name) error {
	missing := slices.DeleteFunc(namesOf(c.missing(needed)), func(name Name) bool { return !slices.Contains(envtestProvides, name) })
	if len(missing) == 0 {
		return nil
	}
	if os.Getenv("KUBEBUILDER_ASSETS") != "" {
		return fmt.Errorf("cannot find %s in KUBEBUILDER_ASSETS", join(missing))
	}
	if len(c.missing(envtestProvides)) < len(envtestProvides) {
		return nil
	}
	p := progress{log: log, what: "setup-envtest " + c.envtestVersion(), usually: setupEnvtestTimeout / 3}
	if err := p.watch(func() error { return c.downloadEnvtest(ctx) }); err != nil {
		fmt.Fprintf(log, "setup-envtest cannot download (%s): building from source instead\n", lastLine(err))
	}
	c.preferEnvtest()
	return ctx.Err()
}

func (c *catalog) downloadEnvtest(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, setupEnvtestTimeout, fmt.Errorf("no answer in %s", setupEnvtestTimeout))
	defer cancel()
	home := filepath.Join(c.cache, "envtest")
	return inTempDir(home, func(tmp string) error {
		tool, err := install(ctx, tmp, setupEnvtestCommand, setupEnvtestVersion)
		if err != nil {
			return err
		}
		dir, err := output(ctx, exec.CommandContext(ctx, tool, "use", c.envtestVersion(), "-p", "path", "--bin-dir", home))
		if err != nil {
			return err
		}
		return os.WriteFile(c.envtestRecord(), dir, 0o644)
	})
}

// downloadedEnvtest returns the folder of an earlier download, or "".
func (c *catalog) downloadedEnvtest() string {
	data, err := os.ReadFile(c.envtestRecord())
	if err != nil {
		return ""
	}
	dir := strings.TrimSpace(string(data))
	if !slices.ContainsFunc(envtestProvides, func(name Name) bool { return !isFile(filepath.Join(dir, string(name))) }) {
		return dir
	}
	return ""
}

func (c *catalog) envtestRecord() string {
	return filepath.Join(c.cache, "envtest", c.envtestVersion()+"-"+platform())
}

// envtestVersion matches the newest patch release, because envtest does not publish each one.
func (c *catalog) envtestVersion() string {
	major, minor := majorMinor(c.kubernetes)
	return major + "." + minor + ".x"
}

func lastLine(err error) string {
	text := strings.TrimSpace(err.Error())
	return text[strings.LastIndexByte(text, '\n')+1:]
}
