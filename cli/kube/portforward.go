package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"
)

// A Port is a local port, 0 for any free one, and the port of a pod that it stands for.
type Port struct{ Local, Remote uint16 }

func (p Port) String() string { return fmt.Sprintf("%d:%d", p.Local, p.Remote) }

// A Forwarding says which ports to forward to which pod.
type Forwarding struct {
	Namespace, Pod string
	Addresses      []string // to listen on: IP addresses, or localhost
	Ports          []Port
	Ready          func([]Port) // is called when the ports are open, with the local ones
	Failed         func(string) // is called when a connection fails
}

// ErrLost is the error of [Client.Forward] after the connection to the pod was lost.
var ErrLost = portforward.ErrLostConnectionToPod

// Forward forwards ports to a pod until the context ends.
func (c *Client) Forward(ctx context.Context, f Forwarding) error {
	opening := &opening{}
	dialer, err := c.dialer(opening, f)
	if err != nil {
		return err
	}
	specs := make([]string, 0, len(f.Ports))
	for _, port := range f.Ports {
		specs = append(specs, port.String())
	}
	ready := make(chan struct{})
	// The library only logs what goes wrong with one connection; it returns no error.
	logged := klog.NewContext(ctx, logr.New(failures{f.Failed}))
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(logged, dialer, f.Addresses, specs, ready, io.Discard, writer(f.Failed))
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-ready:
			f.Ready(localPorts(forwarder))
		case <-ctx.Done():
		}
	}()
	return interruptible(ctx, func() error { return opening.explain(dialer.orElse(forwarder.ForwardPorts())) })
}

// A writer passes on a line that the library prints.
type writer func(string)

func (w writer) Write(line []byte) (int, error) {
	w(strings.TrimSpace(string(line)))
	return len(line), nil
}

func localPorts(forwarder *portforward.PortForwarder) []Port {
	forwarded, _ := forwarder.GetPorts() // fails only before they are ready
	ports := make([]Port, 0, len(forwarded))
	for _, port := range forwarded {
		ports = append(ports, Port{port.Local, port.Remote})
	}
	return ports
}

// dialer tunnels through a WebSocket, or where that is refused, connects with SPDY.
func (c *Client) dialer(opening *opening, f Forwarding) (*remembering, error) {
	config := opening.observed(c.config)
	target := c.core.Post().Namespace(f.Namespace).Resource("pods").Name(f.Pod).SubResource("portforward").URL()
	first, err := portforward.NewSPDYOverWebsocketDialerForStreaming(target, config)
	if err != nil {
		return nil, err
	}
	second, err := spdyDialer(config, target)
	if err != nil {
		return nil, err
	}
	return &remembering{Dialer: portforward.NewFallbackDialerForStreaming(first, second, opening.mayWorkWithoutWebSocket)}, nil
}

func spdyDialer(config *rest.Config, target *url.URL) (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	return spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, target), nil
}

// remembering keeps the error of a dialer: the library keeps only its text. Its connections end when they are closed.
type remembering struct {
	httpstream.Dialer
	err error
}

func (r *remembering) Dial(protocols ...string) (httpstream.Connection, string, error) {
	opened, protocol, err := r.Dialer.Dial(protocols...)
	if r.err = err; err != nil {
		return nil, "", err
	}
	return endingWhenClosed(opened), protocol, nil
}

func (r *remembering) orElse(err error) error {
	if err != nil && r.err != nil {
		return r.err
	}
	return err
}

// failures is a sink of the library's log that passes on why a connection failed.
type failures struct{ call func(string) }

func (f failures) Init(logr.RuntimeInfo)          {}
func (f failures) Enabled(int) bool               { return false }
func (f failures) Info(int, string, ...any)       {}
func (f failures) WithValues(...any) logr.LogSink { return f }
func (f failures) WithName(string) logr.LogSink   { return f }
func (f failures) Error(err error, message string, _ ...any) {
	if err == nil {
		err = errors.New(message)
	}
	f.call(err.Error())
}

var refusedPort = regexp.MustCompile(`error forwarding port (\d+) .*connection refused`)

// RefusedPort returns the port of a pod on which nothing listens, if that is why a connection failed.
func RefusedPort(why string) (port string, is bool) {
	match := refusedPort.FindStringSubmatch(why)
	if match == nil {
		return "", false
	}
	return match[1], true
}
