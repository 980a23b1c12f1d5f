// Package balancer balances TCP connections as kube-proxy does for a Service: a connection goes to one backend,
// also if that one does not answer, and stays there when the backend is removed.
package balancer

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
)

// A Balancer accepts connections, and passes each on to one of its backends, at random.
type Balancer struct {
	listener net.Listener
	serving  sync.WaitGroup

	mutex    sync.Mutex
	backends []string
	accepted int
	open     map[net.Conn]bool // nil after Close
}

// Start starts a balancer without backends on a free port of this host.
func Start(host string) (*Balancer, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("cannot start the balancer: %w", err)
	}
	b := &Balancer{listener: listener, open: map[net.Conn]bool{}}
	b.serving.Go(b.serve)
	return b, nil
}

// Address returns the address on which the balancer listens, as host:port.
func (b *Balancer) Address() string { return b.listener.Addr().String() }

// SetBackends replaces the backends, each as host:port. It leaves open connections where they are. Without any
// backend, new connections are reset.
func (b *Balancer) SetBackends(addresses ...string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.backends = slices.Clone(addresses)
}

// Accepted returns how many connections have been accepted so far.
func (b *Balancer) Accepted() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.accepted
}

// Close closes the listener and all connections.
func (b *Balancer) Close() error {
	err := b.listener.Close()
	b.mutex.Lock()
	for connection := range b.open {
		_ = connection.Close() // it may have ended by itself
	}
	b.open = nil
	b.mutex.Unlock()
	b.serving.Wait()
	return err
}

func (b *Balancer) serve() {
	for {
		client, err := b.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			b.serving.Go(func() { b.pass(client, b.next()) })
		}
	}
}

// next returns the backend of the next connection, or "".
func (b *Balancer) next() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.accepted++
	if len(b.backends) == 0 {
		return ""
	}
	return b.backends[rand.IntN(len(b.backends))]
}

// pass copies in both directions until either side has ended.
func (b *Balancer) pass(client net.Conn, backend string) {
	if !b.track(client) {
		return
	}
	defer b.drop(client)
	server, err := net.Dial("tcp", backend)
	if err != nil {
		reset(client)
		return
	}
	if !b.track(server) {
		return
	}
	defer b.drop(server)
	ended := make(chan struct{}, 2)
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		go func() {
			_, _ = io.Copy(to, from) // either side may end at any time
			ended <- struct{}{}
		}()
	}
	<-ended
}

// track lets Close close a connection, and reports whether the balancer is still open.
func (b *Balancer) track(connection net.Conn) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.open == nil {
		_ = connection.Close()
		return false
	}
	b.open[connection] = true
	return true
}

func (b *Balancer) drop(connection net.Conn) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	_ = connection.Close()
	delete(b.open, connection)
}

// reset lets the client see what it sees of a port on which nobody listens.
func reset(client net.Conn) {
	if connection, ok := client.(*net.TCPConn); ok {
		_ = connection.SetLinger(0)
	}
}
