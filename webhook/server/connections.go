package server

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	maxConnections = 512
	// connectionTime is longer than any request takes.
	connectionTime = 2 * requestTime
)

// connections limits the number of open connections, and how long each stays open. It counts a connection from
// its TLS handshake until its request is answered or its time is over.
type connections struct {
	mutex sync.Mutex
	open  map[string]*time.Timer // by the client's address
}

func newConnections() *connections { return &connections{open: map[string]*time.Timer{}} }

// admit is called during the TLS handshake. An error ends it.
func (c *connections) admit(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	address := hello.Conn.RemoteAddr()
	if len(c.open) >= maxConnections && !isLoopback(address) { // loopback: the replica's own health check
		return nil, errors.New("too many connections")
	}
	c.open[address.String()] = time.AfterFunc(connectionTime, func() {
		_ = hello.Conn.Close() // its client may have closed it
		c.done(address.String())
	})
	return nil, nil //nolint:nilnil // the configuration stays
}

// done stops counting the connection from an address.
func (c *connections) done(address string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if timer, ok := c.open[address]; ok {
		timer.Stop()
		delete(c.open, address)
	}
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
