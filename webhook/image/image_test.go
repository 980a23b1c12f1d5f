package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMistakes(t *testing.T) {
	for name, binaries := range map[string]map[string]string{
		"no such file": {"linux/amd64": filepath.Join(t.TempDir(), "missing")},
		"a platform":   {"linux/a/b/c/d": "image_test.go"},
	} {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "image")
			o := options{Output: output, Version: "v1", Binaries: binaries}
			if err := o.write(); err == nil {
				t.Error("no error")
			}
			if _, err := os.Stat(output); err == nil {
				t.Error("something was written")
			}
		})
	}
}
