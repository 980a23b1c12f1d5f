package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/go-ldap/ldap/v3"

	"github.com/runai-mpi/runai-mpi/config"
)

// connect returns a connection to the first server that takes one, and its URL.
func connect(ctx context.Context, sync *config.DirectorySync) (*ldap.Conn, string, error) {
	trusted, err := trustedCAs(sync.CAFile)
	if err != nil {
		return nil, "", err
	}
	var errs []error
	for _, server := range sync.Servers {
		conn, err := connectTo(ctx, server, sync.StartTLS, trusted)
		if err == nil {
			return conn, server, nil
		}
		errs = append(errs, explainConnection(ctx, server, err))
	}
	return nil, "", errors.Join(errs...)
}

func trustedCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("caFile %s has no certificate in PEM format", file)
	}
	return pool, nil
}

func connectTo(ctx context.Context, server string, startTLS bool, trusted *x509.CertPool) (*ldap.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	at, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	usual, secure := ldap.DefaultLdapPort, at.Scheme == "ldaps"
	if secure {
		usual = ldap.DefaultLdapsPort
	}
	port := at.Port()
	if port == "" {
		port = usual
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
	if err != nil {
		return nil, err
	}
	return encrypt(ctx, raw, &tls.Config{RootCAs: trusted, ServerName: at.Hostname(), MinVersion: tls.VersionTLS12}, secure, startTLS)
}

// encrypt begins to talk LDAP on a connection.
func encrypt(ctx context.Context, raw net.Conn, security *tls.Config, secure, startTLS bool) (*ldap.Conn, error) {
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	if secure {
		encrypted := tls.Client(raw, security)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		raw = encrypted
	}
	conn := ldap.NewConn(raw, secure)
	conn.SetTimeout(requestTimeout)
	conn.Start()
	if startTLS && !secure {
		if err := conn.StartTLS(security); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}
