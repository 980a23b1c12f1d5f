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
	maxConnections = 1100
	// If manyUnheard clients have not sent their request yet, a new connection replaces the slowest, once that has been
	// open for as long as patience. An API server sends its request at once.
	manyUnheard = 512
	patience    = 2 * time.Second
	// connectionTime is longer than any request takes.
	connectionTime = 2 * requestTime
)

// connections limits the number of open connections, and how long each stays open. It counts a connection from
// its TLS handshake until its request is answered or its time is over. If there are many, a new one takes the place of the
// slowest, so that slow clients do not keep others out.
type connections struct {
	mutex   sync.Mutex
	open    map[string]*openConnection // by the client's address
	unheard *list.List                 // of *openConnection, the oldest first
}

type openConnection struct {
	net.Conn
	since time.Time
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
	// rule T71 in webhook/server TestSlowestConnection: slow clients that take all connections
	// without: if c.unheard.Len() < 0 {
	if c.unheard.Len() >= manyUnheard {
		if slowest := c.unheard.Front().Value.(*openConnection); time.Since(slowest.since) >= patience {
			_ = slowest.Close() // its client may have closed it
			c.remove(slowest)
		}
	}
	if len(c.open) >= maxConnections && !isLoopback(address) { // loopback: the replica's own health check
		connectionsRefused.Inc()
		return nil, errors.New("too many connections")
	}
	added := &openConnection{Conn: hello.Conn, since: time.Now()}
	added.timer = time.AfterFunc(connectionTime, func() {
		_ = added.Close() // its client may have closed it
		c.done(address.String())
	})
	added.place = c.unheard.PushBack(added)
	c.open[address.String()] = added
	connectionsOpen.Set(float64(len(c.open)))
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
	connectionsOpen.Set(float64(len(c.open)))
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
