package binaries

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// A patch changes files of an upstream module before it is built.
type patch struct {
	module string
	edits  []edit
}

// An edit changes one file.
type edit struct {
	file    string // in the module
	lines   string // must occur exactly once
	replace string
	append  string // to the end of the file
}

// digest distinguishes binaries that are built with different patches.
func (p *patch) digest() string {
	parts := []string{p.module}
	for _, e := range p.edits {
		parts = append(parts, e.file, e.lines, e.replace, e.append)
	}
	return shortDigest([]byte(strings.Join(parts, "\x00")))
}

func shortDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// apply copies the module into dir, patches the copy, and returns a go.mod that builds it: go build -overlay
// refuses to replace files in the module cache.
func (p *patch) apply(dir, serverDir string) (goMod string, err error) {
	source, err := moduleDir(serverDir, p.module)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(dir, "source")
	if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
		return "", fmt.Errorf("cannot copy %s: %w", p.module, err)
	}
	for _, e := range p.edits {
		if err := e.change(filepath.Join(copied, filepath.FromSlash(e.file))); err != nil {
			return "", err
		}
	}
	return p.redirect(dir, serverDir, copied)
}

func (e edit) change(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot patch %s: %w", e.file, err)
	}
	if n := strings.Count(string(data), e.lines); n != 1 {
		return fmt.Errorf("cannot patch %s: %q occurs %d times, not once", e.file, e.lines, n)
	}
	text := strings.Replace(string(data), e.lines, e.replace, 1) + e.append
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot patch %s: %w", e.file, err)
	}
	return nil
}

// redirect writes the server's go.mod and go.sum to dir, with the module replaced by the copy.
func (p *patch) redirect(dir, serverDir, copied string) (string, error) {
	data, err := os.ReadFile(filepath.Join(serverDir, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("cannot redirect %s: %w", p.module, err)
	}
	file, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return "", fmt.Errorf("cannot redirect %s: %w", p.module, err)
	}
	if err := file.AddReplace(p.module, "", copied, ""); err != nil {
		return "", fmt.Errorf("cannot redirect %s: %w", p.module, err)
	}
	sums, err := os.ReadFile(filepath.Join(serverDir, "go.sum"))
	if err != nil {
		return "", fmt.Errorf("cannot redirect %s: %w", p.module, err)
	}
	return writeGoMod(dir, modfile.Format(file.Syntax), sums)
}

func writeGoMod(dir string, mod, sums []byte) (string, error) {
	goMod := filepath.Join(dir, "go.mod")
	for path, data := range map[string][]byte{goMod: mod, filepath.Join(dir, "go.sum"): sums} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return "", fmt.Errorf("cannot write %s: %w", filepath.Base(path), err)
		}
	}
	return goMod, nil
}
