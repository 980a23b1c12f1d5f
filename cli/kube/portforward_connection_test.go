package kube

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// reportingClose is a connection that says when it is closed.
type reportingClose struct {
	net.Conn
	closed chan bool
}

func (c reportingClose) Close() error {
	close(c.closed)
	return c.Conn.Close()
}

// toBusyPod returns a connection to a server that reports each stream, and answers none until the test is over.
func toBusyPod(t *testing.T) (c *connection, opened, closed <-chan bool) {
	t.Helper()
	ours, theirs := net.Pipe()
	over, arrived := make(chan bool), make(chan bool)
	server, err := spdy.NewServerConnection(theirs, func(httpstream.Stream, <-chan struct{}) error {
		arrived <- true
		<-over
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	observed := reportingClose{ours, make(chan bool)}
	client, err := spdy.NewClientConnection(observed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(over)
		_ = server.Close()
		_ = theirs.Close()
	})
	return endingWhenClosed(client), arrived, observed.closed
}

// A connection ends when it is closed, also while a stream waits for an answer.
func TestConnectionEnds(t *testing.T) {
	c, opened, closed := toBusyPod(t)
	waiting := make(chan error)
	go func() {
		_, err := c.CreateStream(http.Header{})
		waiting <- err
	}()
	<-opened
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-c.CloseChan():
	default:
		t.Error("the connection does not end when it is closed")
	}
	soon := time.After(10 * time.Second) // the library waits for 30 seconds, or without end
	select {
	case err := <-waiting:
		if !errors.Is(err, errClosed) {
			t.Errorf("a stream that was opened before: %v", err)
		}
	case <-soon:
		t.Fatal("a stream without an answer waits")
	}
	if _, err := c.CreateStream(http.Header{}); !errors.Is(err, errClosed) {
		t.Errorf("a stream that is opened afterwards: %v", err)
	}
	select {
	case <-closed:
	case <-soon:
		t.Fatal("the connection stays open")
	}
}
