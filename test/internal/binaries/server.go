package binaries

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// A server is a module under test/servers that builds commands of one upstream module.
type server struct {
	dir     string // the folder of its go.mod
	module  string // the upstream module
	version string
	ldflags string
	patch   *patch
	own     string // digest of our own program, if it is built instead of a command of the module
	home    string // in the cache
}

func (c *catalog) server(name, module string) (*server, error) {
	dir := filepath.Join(c.root, serversDir, name)
	version, err := requiredVersion(filepath.Join(dir, "go.mod"), module)
	if err != nil {
		return nil, err
	}
	return &server{dir: dir, module: module, version: version, home: filepath.Join(c.cache, name)}, nil
}

// command returns the binary that is built from a folder of the upstream module.
func (s *server) command(name Name, folder string, usually time.Duration) *binary {
	return s.binary(name, folder, usually, "build")
}

// tests returns the program that runs the tests in a folder of the upstream module.
func (s *server) tests(name Name, folder string, usually time.Duration) *binary {
	return s.binary(name, folder, usually, "test", "-c", "-vet=off")
}

// program returns the binary that is built from a file next to the server's go.mod.
func (s *server) program(name Name, file string, usually time.Duration) (*binary, error) {
	source, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		return nil, fmt.Errorf("cannot read the program %s: %w", name, err)
	}
	s.own = shortDigest(source)
	b := s.binary(name, "", usually)
	b.build = func(ctx context.Context) error { return s.build(ctx, []string{"build"}, ".", b.path) }
	return b, nil
}

func (s *server) binary(name Name, folder string, usually time.Duration, goCommand ...string) *binary {
	target := filepath.Join(s.home, s.key(), string(name))
	return &binary{
		name:    name,
		version: s.version,
		path:    target,
		usually: usually,
		build:   func(ctx context.Context) error { return s.build(ctx, goCommand, path.Join(s.module, folder), target) },
		source:  func() (string, error) { return moduleDir(s.dir, s.module) },

		dependency: func(module string) (string, error) { return moduleDir(s.dir, module) },
	}
}

func (s *server) key() string {
	key := s.version + "-" + platform()
	if s.patch != nil {
		key += "-" + s.patch.digest()
	}
	if s.own != "" {
		key += "-" + s.own
	}
	return key
}

// build renames the finished binary to target, so that an interrupted build leaves nothing incomplete.
func (s *server) build(ctx context.Context, goCommand []string, pkg, target string) error {
	return inTempDir(s.home, func(tmp string) error {
		args := slices.Concat(goCommand, []string{"-ldflags", "-s -w" + s.ldflags, "-o", filepath.Join(tmp, "out")})
		if s.patch != nil {
			goMod, err := s.patch.apply(tmp, s.dir)
			if err != nil {
				return err
			}
			args = append(args, "-modfile", goMod)
		}
		if _, err := goTool(ctx, s.dir, nil, append(args, pkg)...); err != nil {
			return err
		}
		return moveFile(filepath.Join(tmp, "out"), target)
	})
}

// inTempDir calls f with a temporary folder on the file system of parent, so that f can rename files.
func inTempDir(parent string, f func(string) error) error {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	tmp, err := os.MkdirTemp(parent, ".build-")
	if err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	defer os.RemoveAll(tmp)
	return f(tmp)
}

func moveFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("cannot keep %s: %w", filepath.Base(to), err)
	}
	return nil
}
