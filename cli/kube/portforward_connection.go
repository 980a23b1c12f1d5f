package kube

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

// A connection to a pod, as the library opens it, ends only after all its streams: not if one of them gets no answer,
// for example because it was being opened when the connection was closed. This one ends when it is closed.
type connection struct {
	httpstream.Connection
	ended chan bool // is closed at the end
	end   func()
}

func endingWhenClosed(opened httpstream.Connection) *connection {
	c := &connection{Connection: opened, ended: make(chan bool)}
	c.end = sync.OnceFunc(func() { close(c.ended) })
	go func() {
		select {
		case <-opened.CloseChan():
			c.end()
		case <-c.ended:
		}
	}()
	return c
}

func (c *connection) CloseChan() <-chan bool { return c.ended }

// closingTime is how long streams of a closed connection can wait for the server.
const closingTime = time.Second

func (c *connection) Close() error {
	c.end()
	c.SetIdleTimeout(closingTime)
	go func() { _ = c.Connection.Close() }() // can wait for a server that does not read
	return nil
}

var errClosed = errors.New("runai is connecting to the pod again: retry")

func (c *connection) CreateStream(headers http.Header) (httpstream.Stream, error) {
	type result struct {
		stream httpstream.Stream
		err    error
	}
	created := make(chan result, 1)
	go func() {
		stream, err := c.Connection.CreateStream(headers)
		created <- result{stream, err}
	}()
	select {
	case r := <-created:
		return r.stream, r.err
	case <-c.ended:
		return nil, errClosed
	}
}
