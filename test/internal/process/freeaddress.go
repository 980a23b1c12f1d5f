package process

import (
	"fmt"
	"net"
)

// FreeAddress is one on loopback, for a server that does not tell which port it has found.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
