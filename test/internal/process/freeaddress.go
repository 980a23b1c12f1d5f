package process

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// These ports are below the node ports of Kubernetes (from 30000) and below those that Linux takes for connections and for
// port 0 (from 32768), so a server that restarts finds its port free.
const firstPort, lastPort = 12_000, 29_999

// FreeAddress returns a free address on loopback, for servers that do not report which port they chose. Another program can
// still take it first.
func FreeAddress() (string, error) { return FreeAddressOf("127.0.0.1") }

// FreeAddressOf returns a free address of a host.
func FreeAddressOf(host string) (string, error) {
	const attempts = 100
	var problem error
	for range attempts {
		address := net.JoinHostPort(host, strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort+1))) //nolint:gosec // no secret
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return address, listener.Close()
		}
		problem = err
	}
	return "", fmt.Errorf("cannot find a free port: %w", problem)
}
