package process

import (
	"fmt"
	"net"
)

// FreeAddress returns a free address on loopback, for servers that do not report which port they chose.
func FreeAddress() (string, error) { return FreeAddressOf("127.0.0.1") }

// FreeAddressOf returns a free address of a host.
func FreeAddressOf(host string) (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
