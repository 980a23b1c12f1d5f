package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// logging has the flags of a command that logs.
type logging struct {
	LogLevel  string `enum:"debug,info,warn,error" default:"info" help:"Lowest level that is logged: debug, info, warn or error. info includes each job that is refused, debug each that is reviewed."`
	LogFormat string `enum:"text,json" default:"text" help:"Format of the log: text or json."`
}

// logLevel is the lowest level that is logged.
var logLevel slog.LevelVar

// setUp makes the logger of this program, and of the libraries that it uses.
func (l logging) setUp(out io.Writer) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.LogLevel)); err != nil {
		return err
	}
	logLevel.Set(level)
	options := &slog.HandlerOptions{Level: &logLevel, ReplaceAttr: escape}
	var handler slog.Handler = slog.NewTextHandler(out, options)
	if l.LogFormat == "json" {
		handler = slog.NewJSONHandler(out, options)
	}
	slog.SetDefault(slog.New(handler))
	logger := logr.FromSlogHandler(handler)
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	return nil
}

// escape escapes what others wrote and a terminal would obey.
func escape(_ []string, attribute slog.Attr) slog.Attr {
	switch value := attribute.Value; value.Kind() {
	case slog.KindString:
		attribute.Value = slog.StringValue(terminal.Line(value.String()))
	case slog.KindAny:
		if err, isError := value.Any().(error); isError {
			attribute.Value = slog.StringValue(terminal.Line(fmt.Sprint(err)))
		}
	}
	return attribute
}
