package kube

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/klog/v2"
)

// A Container is one container of a pod.
type Container struct{ Namespace, Pod, Name string }

// Streams connect a process in a container to the user.
type Streams struct {
	Stdin          io.Reader // nil if the process reads nothing
	Stdout, Stderr io.Writer // nil if the output is not wanted. A terminal has no standard error.
	TTY            bool      // the process has a terminal
	// Sizes returns the next size of the user's terminal, and false after the last one. It is nil if the user has none.
	Sizes func() (width, height uint16, more bool)
	// Opened, if set, is called when the API server has accepted the session.
	Opened func()
}

// Attach connects the user to the main process of a container. It returns when the process ends.
func (c *Client) Attach(ctx context.Context, container Container, streams Streams) error {
	return c.stream(ctx, c.subresource(container, "attach", streams), streams)
}

// Exec runs a command in a container. If the command fails, [ExitCode] returns its exit code.
func (c *Client) Exec(ctx context.Context, container Container, command []string, streams Streams) error {
	request := c.subresource(container, "exec", streams)
	for _, word := range command {
		request.Param("command", word)
	}
	return c.stream(ctx, request, streams)
}

// ExitCode returns the exit code of a command that ran in a container and failed.
func ExitCode(err error) (code int, failed bool) {
	var exit exec.CodeExitError
	if errors.As(err, &exit) {
		return exit.Code, true
	}
	return 0, false
}

func (c *Client) subresource(container Container, name string, streams Streams) *rest.Request {
	return c.core.Post().Namespace(container.Namespace).Resource("pods").Name(container.Pod).SubResource(name).
		Param("container", container.Name).
		Param("stdin", strconv.FormatBool(streams.Stdin != nil)).
		Param("stdout", strconv.FormatBool(streams.Stdout != nil)).
		Param("stderr", strconv.FormatBool(streams.Stderr != nil)).
		Param("tty", strconv.FormatBool(streams.TTY))
}

// stream opens a WebSocket, or where a proxy or an old API server refuses that, a connection with SPDY.
func (c *Client) stream(ctx context.Context, request *rest.Request, streams Streams) error {
	opening := opening{opened: streams.Opened}
	config := opening.observed(c.config)
	first, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, request.URL().String())
	if err != nil {
		return err
	}
	second, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, request.URL())
	if err != nil {
		return err
	}
	executor, err := remotecommand.NewFallbackExecutor(first, second, opening.mayWorkWithoutWebSocket)
	if err != nil {
		return err
	}
	options := remotecommand.StreamOptions{Stdin: streams.Stdin, Stdout: streams.Stdout, Stderr: streams.Stderr, Tty: streams.TTY}
	if streams.Sizes != nil {
		options.TerminalSizeQueue = sizeQueue(streams.Sizes)
	}
	return interruptible(ctx, func() error {
		// The library would log to the user's terminal what the error says, and more.
		return opening.explain(executor.StreamWithContext(klog.NewContext(ctx, logr.Discard()), options))
	})
}

type sizeQueue func() (width, height uint16, more bool)

func (q sizeQueue) Next() *remotecommand.TerminalSize {
	width, height, more := q()
	if !more {
		return nil
	}
	return &remotecommand.TerminalSize{Width: width, Height: height}
}

var notStarted = regexp.MustCompile(`exec: "([^"]*)": ([^:]*?)(?:: unknown)?$`)

// NotStarted returns the program that a container could not start, and why, if that is the error.
func NotStarted(err error) (program, why string, is bool) {
	match := notStarted.FindStringSubmatch(err.Error())
	if match == nil {
		return "", "", false
	}
	return match[1], match[2], true
}
