package server

import (
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	maxConnections = 512
	// maxUnheard is how many of them have not sent their request yet. An API server sends it at once.
	maxUnheard = 256
	// connectionTime is longer than any request takes.
	connectionTime = 2 * requestTime
)

// connections limits the number of open connections, and how long each stays open. It counts a connection from
// its TLS handshake until its request is answered or its time is over. If many clients are slow, a new one takes the
// place of the slowest, so that they do not keep others out.
type connections struct {
	mutex   sync.Mutex
	open    map[string]*openConnection // by the client's address
	unheard *list.List                 // of *openConnection, the oldest first
}

type openConnection struct {
	net.Conn
	timer *time.Timer
	place *list.Element // in unheard; nil if the request has been read
}

func newConnections() *connections {
	return &connections{open: map[string]*openConnection{}, unheard: list.New()}
}

// admit is called during the TLS handshake. An error ends it.
func (c *connections) admit(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	address := hello.Conn.RemoteAddr()
	if len(c.open)-c.unheard.Len() >= maxConnections-maxUnheard && !isLoopback(address) { // loopback: the replica's own health check
		return nil, errors.New("too many connections")
	}
	// rule T71 in webhook/server TestSlowestConnection: slow clients that take all connections
	if c.unheard.Len() >= maxUnheard {
		slowest := c.unheard.Front().Value.(*openConnection)
		_ = slowest.Close() // its client may have closed it
		c.remove(slowest)
	}
	added := &openConnection{Conn: hello.Conn}
	added.timer = time.AfterFunc(connectionTime, func() {
		_ = added.Close() // its client may have closed it
		c.done(address.String())
	})
	added.place = c.unheard.PushBack(added)
	c.open[address.String()] = added
	return nil, nil //nolint:nilnil // the configuration stays
}

// heard is called when the request of the connection from an address has been read.
func (c *connections) heard(address string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if client, ok := c.open[address]; ok {
		c.leave(client)
	}
}

// done stops counting the connection from an address.
func (c *connections) done(address string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if client, ok := c.open[address]; ok {
		c.remove(client)
	}
}

func (c *connections) remove(client *openConnection) {
	client.timer.Stop()
	c.leave(client)
	delete(c.open, client.RemoteAddr().String())
}

func (c *connections) leave(client *openConnection) {
	if client.place != nil {
		c.unheard.Remove(client.place)
		client.place = nil
	}
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
