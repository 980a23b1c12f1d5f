package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// levelInterval is how often the file with a log level is read. The kubelet writes it within about a minute.
const levelInterval = 2 * time.Second

// levels are the log levels. slog knows more, at which client-go logs what it reads.
var levels = []string{"debug", "info", "warn", "error"}

// A levelFile has a log level that replaces the usual one, while it has one. The chart makes it from an annotation of the
// pod, so that RBAC decides who may turn the log up.
type levelFile struct {
	path  string
	usual slog.Level
	said  string // what the file had last
}

func (f *levelFile) follow(ctx context.Context) {
	for ctx.Err() == nil {
		f.read()
		select {
		case <-ctx.Done():
		case <-time.After(levelInterval):
		}
	}
}

func (f *levelFile) read() {
	text, _ := os.ReadFile(f.path) // without it, the usual level
	wanted, level := strings.TrimSpace(string(text)), f.usual
	repeated := wanted == f.said
	f.said = wanted
	known := slices.Contains(levels, wanted)
	if known {
		_ = level.UnmarshalText([]byte(wanted)) // it is known
	}
	if logLevel.Level() != level {
		logLevel.Set(level)
		slog.Log(context.Background(), max(level, slog.LevelInfo), "log level changed", "level", strings.ToLower(level.String()))
	}
	if wanted != "" && !known && !repeated {
		slog.Warn("unknown log level: must be debug, info, warn or error", "level", wanted, "file", f.path)
	}
}
