package kube

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// CheckPorts returns an error unless all local ports can be open at the same time. The library forwards the others
// silently.
func CheckPorts(addresses []string, ports []Port) error {
	open := map[string]net.Listener{}
	defer func() {
		for _, listener := range open {
			listener.Close()
		}
	}()
	for _, port := range ports {
		for _, address := range addresses {
			if address == "localhost" {
				address = "127.0.0.1"
			}
			at := net.JoinHostPort(address, strconv.Itoa(int(port.Local)))
			if open[at] != nil {
				continue // localhost and its address
			}
			listener, err := net.Listen("tcp", at)
			if err != nil {
				return explainListening(at, err, slices.Sorted(maps.Keys(open)))
			}
			open[at] = listener
		}
	}
	return nil
}

func explainListening(at string, err error, open []string) error {
	_, port, _ := net.SplitHostPort(at)
	own := slices.IndexFunc(open, func(other string) bool { return strings.HasSuffix(other, ":"+port) })
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && own >= 0:
		return fmt.Errorf("cannot listen on %s: %s already uses this port", at, open[own])
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: another program uses this port", at)
	}
	text := err.Error()
	return fmt.Errorf("cannot listen on %s: %s", at, text[strings.LastIndex(text, ": ")+2:])
}
