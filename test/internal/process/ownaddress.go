package process

import (
	"errors"
	"fmt"
	"net"
)

// OwnAddress returns an IPv4 address of this machine that is not loopback: to loopback, an API server speaks
// another version of HTTP than to a Service.
func OwnAddress() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("cannot find this machine's address: %w", err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			return network.IP.String(), nil
		}
	}
	return "", errors.New("this machine has no IPv4 address but loopback")
}
