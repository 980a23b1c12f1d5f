package server

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A caller is one end of a connection from an address.
type caller struct {
	net.Conn
	address net.TCPAddr
	closed  atomic.Bool // also by its timer
}

func (c *caller) RemoteAddr() net.Addr { return &c.address }

func (c *caller) Close() error {
	c.closed.Store(true)
	return nil
}

func (c *caller) isAdmitted(to *connections) bool { return to.admit(c) != nil }

func stranger(port int) *caller {
	return &caller{address: net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}}
}

// Whoever has too many requests open gets no more connections until some have been answered or their time is over. The
// replica itself gets a few more, for its health check.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newConnections(maxConnections, connectionsOpen, connectionsRefused)
		first := stranger(0)
		answered := open.admit(first)
		for port := range maxConnections - 1 {
			if !stranger(port + 1).isAdmitted(open) {
				t.Fatalf("connection %d is refused", port)
			}
		}
		if stranger(maxConnections).isAdmitted(open) {
			t.Error("there is no limit")
		}
		own := open.admit(&caller{address: net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}})
		if own == nil {
			t.Fatal("the health check is refused")
		}
		more := []*openConnection{}
		for port := range ownConnections {
			if c := open.admit(&caller{address: net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port + 2}}); c != nil {
				more = append(more, c)
			}
		}
		if len(more) != ownConnections-1 {
			t.Errorf("%d more connections of the replica itself are admitted", len(more))
		}
		for _, c := range more {
			_ = c.Close()
		}
		for _, c := range []*openConnection{own, answered, own, answered} { // net/http closes some twice
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		last := stranger(0) // the address of a closed connection can be used again
		if !last.isAdmitted(open) || stranger(maxConnections+1).isAdmitted(open) {
			t.Error("a closed connection does not make room for one more")
		}
		time.Sleep(connectionTime)
		synctest.Wait()
		if !first.closed.Load() || !last.closed.Load() || len(open.open) > 0 || open.pending.Len() > 0 {
			t.Errorf("closed: %t, %t, %d connections are counted after their time", first.closed.Load(), last.closed.Load(), len(open.open))
		}
	})
}

// Of many clients that do not send their request, the one that has been waited for longest makes room for a new one, but
// not at once. Those whose requests have come keep their connections.
func TestSlowestConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newConnections(maxConnections, connectionsOpen, connectionsRefused)
		quick := stranger(0)
		open.admit(quick).received()
		var slow []*caller
		for port := range maxConnections - 1 {
			slow = append(slow, stranger(port+1))
			if !slow[port].isAdmitted(open) {
				t.Fatalf("connection %d is refused", port)
			}
		}
		if stranger(9999).isAdmitted(open) {
			t.Error("a client loses its connection at once")
		}
		time.Sleep(patience)
		for port := range 3 {
			if !stranger(10_000 + port).isAdmitted(open) {
				t.Error("slow clients keep others out")
			}
		}
		for i, c := range append(slow, quick) {
			if c.closed.Load() != (i < 3) {
				t.Errorf("slow client %d: closed: %t", i, c.closed.Load())
			}
		}
		time.Sleep(connectionTime)
		synctest.Wait()
		if len(open.open) > 0 || open.pending.Len() > 0 {
			t.Errorf("%d connections are counted after their time", len(open.open))
		}
	})
}
