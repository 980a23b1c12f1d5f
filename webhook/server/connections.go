package server

import (
	"container/list"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	maxConnections = 1100
	// ownConnections is how many more may come from loopback, as the replica's own check does.
	ownConnections = 16
	// If manyPending clients have not sent their request yet, a new connection replaces the slowest, once that has been
	// open for as long as patience. An API server sends its request at once.
	manyPending = 512
	patience    = 2 * time.Second
	// connectionTime is longer than any request takes.
	connectionTime = 2 * requestTime
)

// connections limits the number of open connections, and how long each stays open. If there are many, a new one takes the
// place of the slowest, so that slow clients do not keep others out.
type connections struct {
	most    int
	counted prometheus.Gauge
	refused prometheus.Counter

	mutex   sync.Mutex
	open    map[*openConnection]struct{}
	pending *list.List // of *openConnection, the oldest first
}

func newConnections(most int, counted prometheus.Gauge, refused prometheus.Counter) *connections {
	return &connections{
		most: most, counted: counted, refused: refused,
		open: map[*openConnection]struct{}{}, pending: list.New(),
	}
}

// admit returns a new connection that is counted until it is closed, or nil if there are too many.
func (c *connections) admit(connection net.Conn) *openConnection {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	// rule T71 in webhook/server TestSlowestConnection: slow clients that take all connections
	// without: if c.pending.Len() < 0 {
	if c.pending.Len() >= manyPending {
		if slowest := c.pending.Front().Value.(*openConnection); time.Since(slowest.since) >= patience {
			c.refused.Inc()
			c.remove(slowest)
			_ = slowest.Conn.Close() // its client may have closed it
		}
	}
	most := c.most
	if isLoopback(connection.RemoteAddr()) {
		most += ownConnections
	}
	if len(c.open) >= most {
		c.refused.Inc()
		return nil
	}
	added := &openConnection{Conn: connection, counted: c, since: time.Now()}
	added.timer = time.AfterFunc(connectionTime, func() {
		_ = added.Close() // its client may have closed it
	})
	added.place = c.pending.PushBack(added)
	c.open[added] = struct{}{}
	c.counted.Set(float64(len(c.open)))
	return added
}

// remove stops counting a connection. It may be called again.
func (c *connections) remove(connection *openConnection) {
	connection.timer.Stop()
	c.leave(connection)
	delete(c.open, connection)
	c.counted.Set(float64(len(c.open)))
}

func (c *connections) leave(connection *openConnection) {
	if connection.place != nil {
		c.pending.Remove(connection.place)
		connection.place = nil
	}
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// An openConnection is a connection that is counted.
type openConnection struct {
	net.Conn
	counted *connections
	since   time.Time
	timer   *time.Timer
	place   *list.Element // in pending; nil if the request has been read
	cutOff  error         // of a write
}

// Write is of [net.Conn]. Nothing is written after a write that failed: TLS ends the connection with a record that would
// follow the one that was lost, and the client would report that it cannot decrypt it.
func (c *openConnection) Write(record []byte) (int, error) {
	if c.cutOff != nil {
		return 0, c.cutOff
	}
	written, err := c.Conn.Write(record)
	c.cutOff = err
	return written, err
}

// Close closes the connection, which is not counted any longer.
func (c *openConnection) Close() error {
	c.counted.mutex.Lock()
	c.counted.remove(c)
	c.counted.mutex.Unlock()
	return c.Conn.Close()
}

// received is called when the request of the connection has been read.
func (c *openConnection) received() {
	c.counted.mutex.Lock()
	defer c.counted.mutex.Unlock()
	c.counted.leave(c)
}
