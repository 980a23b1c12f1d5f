package process

import (
	"fmt"
	"net"
)

// FreeAddress returns a free address on loopback, for servers that do not report which port they chose.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
