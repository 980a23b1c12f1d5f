package slapd

import (
	"net"
	"net/url"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// A Filter changes what a server sends: it returns the message to send instead, or nil for none. Messages are cut off,
// and the connection with them, when it returns false.
type Filter func(message *ber.Packet) (changed *ber.Packet, goOn bool)

// Behind returns the URL of a proxy in front of the server, without encryption, which ends with the test. Each
// connection has a filter of its own.
func (s *Server) Behind(t testing.TB, filter func() Filter) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	server, err := url.Parse(s.Plain)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go forward(client, server.Host, filter())
		}
	}()
	return "ldap://" + listener.Addr().String()
}

func forward(client net.Conn, address string, filter Filter) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		for {
			request, err := ber.ReadPacket(client)
			if err != nil {
				return
			}
			if _, err := server.Write(request.Bytes()); err != nil {
				return
			}
		}
	}()
	for {
		message, err := ber.ReadPacket(server)
		if err != nil {
			return
		}
		changed, goOn := filter(message)
		if changed != nil {
			if _, err := client.Write(changed.Bytes()); err != nil {
				return
			}
		}
		if !goOn {
			return
		}
	}
}

// IsEntry reports whether a message is an entry that was found.
func IsEntry(message *ber.Packet) bool {
	return message.Children[1].Tag == ldap.ApplicationSearchResultEntry
}

// IsEnd reports whether a message ends the answer to a search, or a page of it.
func IsEnd(message *ber.Packet) bool {
	return message.Children[1].Tag == ldap.ApplicationSearchResultDone
}

// WithoutControls returns a message without its controls: the last page, for a client that believes it.
func WithoutControls(message *ber.Packet) *ber.Packet {
	changed := ber.NewSequence("LDAP message")
	for _, child := range message.Children[:2] {
		changed.AppendChild(child)
	}
	return changed
}
