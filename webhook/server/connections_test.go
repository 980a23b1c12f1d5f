package server

import (
	"crypto/tls"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A caller is one end of a connection from an address.
type caller struct {
	net.Conn
	address net.TCPAddr
	closed  bool
}

func (c *caller) RemoteAddr() net.Addr { return &c.address }

func (c *caller) Close() error {
	c.closed = true
	return nil
}

func (c *caller) isAdmitted(to *connections) bool {
	_, err := to.admit(&tls.ClientHelloInfo{Conn: c})
	return err == nil
}

// Whoever opens too many connections gets no more of them until some have been answered or their time is over. The
// replica's own health check always gets one.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newConnections()
		stranger := func(port int) *caller {
			return &caller{address: net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}}
		}
		first := stranger(0)
		for port := range maxConnections {
			c := first
			if port > 0 {
				c = stranger(port)
			}
			if !c.isAdmitted(open) {
				t.Fatalf("connection %d is refused", port)
			}
		}
		if stranger(maxConnections).isAdmitted(open) {
			t.Error("there is no limit")
		}
		own := &caller{address: net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}
		if !own.isAdmitted(open) {
			t.Error("the health check is refused")
		}
		open.done(own.address.String())
		open.done(stranger(1).address.String())
		if !stranger(maxConnections).isAdmitted(open) || stranger(maxConnections+1).isAdmitted(open) {
			t.Error("an answered request does not make room for one more")
		}
		time.Sleep(connectionTime)
		synctest.Wait()
		if !first.closed || len(open.open) > 0 {
			t.Errorf("closed: %t, %d connections are counted after their time", first.closed, len(open.open))
		}
	})
}
