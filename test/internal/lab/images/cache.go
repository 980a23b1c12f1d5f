package images

import (
	"fmt"
	"os"
	"path/filepath"
)

// cached returns when the file at path is there. If it is not, fill makes it, under the same name in a folder of its
// own, so that the cache never has half a file.
func cached(path string, fill func(half string) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	half, err := os.MkdirTemp(filepath.Dir(path), ".half-")
	if err != nil {
		return fmt.Errorf("cannot make the cache: %w", err)
	}
	defer os.RemoveAll(half)
	if err := fill(half); err != nil {
		return err
	}
	return os.Rename(filepath.Join(half, filepath.Base(path)), path)
}
