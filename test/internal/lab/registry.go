package lab

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is the host name under which the node pulls images from the lab's registry.
const Registry = "registry.example.com"

// hosts is containerd's configuration of the registry.
const hosts = `
server = %[1]q
[host.%[1]q]
capabilities = ['pull', 'resolve']
`

// startRegistry serves a registry on the lab's network, and tells containerd where it is.
func (l *Lab) startRegistry(context.Context) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(HostAddress, "0"))
	if err != nil {
		return fmt.Errorf("cannot start the registry: %w", err)
	}
	server := &http.Server{
		Handler:           registry.New(registry.Logger(log.New(io.Discard, "", 0))),
		ReadHeaderTimeout: time.Minute,
	}
	go server.Serve(listener) //nolint:errcheck // it always returns that it was closed
	l.atStop(server.Close)
	l.RegistryAddress = listener.Addr().String()
	_, err = l.namespaces.writeFiles(map[string]string{
		"certs.d/" + Registry + "/hosts.toml": fmt.Sprintf(hosts, "http://"+l.RegistryAddress),
	})
	return err
}
