package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/klog/v2"
)

// The level in a file replaces the usual one until the file is empty or gone. A wrong one does not.
func TestLevelFollowsFile(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	defer klog.ClearLogger()
	var out bytes.Buffer
	if err := (logging{LogLevel: "warn", LogFormat: "text"}).setUp(&out); err != nil {
		t.Fatal(err)
	}
	file := &levelFile{path: filepath.Join(t.TempDir(), "level"), usual: slog.LevelWarn}
	for _, step := range []struct {
		text string
		want slog.Level
	}{
		{"", slog.LevelWarn},
		{"debug\n", slog.LevelDebug},
		{"loud", slog.LevelWarn},
		{"error", slog.LevelError},
		{"DEBUG-4", slog.LevelWarn}, // the bodies of requests
		{"info", slog.LevelInfo},
	} {
		if err := os.WriteFile(file.path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if file.read(); logLevel.Level() != step.want {
				t.Errorf("%q: the level is %s, want %s", step.text, logLevel.Level(), step.want)
			}
		}
	}
	if err := os.Remove(file.path); err != nil {
		t.Fatal(err)
	}
	if file.read(); logLevel.Level() != slog.LevelWarn {
		t.Errorf("without a file: the level is %s", logLevel.Level())
	}
	if n := strings.Count(out.String(), "unknown log level"); n != 2 {
		t.Errorf("%d warnings:\n%s", n, out.String())
	}
}
