package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"golang.org/x/time/rate"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// longestHeaders is the size in bytes of the headers that a client may send, to which net/http adds 4 KiB. Short headers
// take 15 times their size, before the request has its turn. Those of an API server have less than 1 KiB.
const longestHeaders = 4 << 10

// Start serves until the context ends, and answers the requests that have come.
func (s *boundedServer) Start(ctx context.Context) error {
	certificates, err := certwatcher.New(CertificateFiles(s.certDir))
	if err != nil {
		return err
	}
	go func() {
		if err := certificates.Start(ctx); err != nil {
			slog.Error("cannot watch the certificate", "reason", err)
		}
	}()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	server := s.httpServer(certificates)
	ended := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectionTime)
		defer cancel()
		ended <- server.Shutdown(ending)
	})
	if err := server.ServeTLS(boundedListener{listener, s.connections}, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

func (s *boundedServer) httpServer(certificates *certwatcher.CertWatcher) *http.Server {
	server := &http.Server{
		Handler:   s.WebhookMux(),
		TLSConfig: &tls.Config{GetCertificate: certificates.GetCertificate}, //nolint:gosec // Go's default version is 1.2
		Protocols: new(http.Protocols),
		// rule T72 in webhook/server TestLongHeaders: headers that take more memory than their size
		MaxHeaderBytes:    longestHeaders,
		ReadHeaderTimeout: requestTime, // also of the handshake
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, ofConnection{}, c.(*tls.Conn).NetConn())
		},
		ErrorLog: log.New(connectionLog{rate.NewLimiter(mostConnectionLines, mostConnectionLines)}, "", 0),
	}
	server.Protocols.SetHTTP1(true) // HTTP/2 would carry any number of requests
	server.SetKeepAlivesEnabled(false)
	return server
}

// StartedChecker returns a health check, which makes a connection.
func (s *boundedServer) StartedChecker() healthz.Checker {
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: requestTime}, Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its own certificate
	return func(*http.Request) error {
		connection, err := dialer.Dial("tcp", s.address)
		if err != nil {
			return fmt.Errorf("the webhook does not serve: %w", err)
		}
		return connection.Close()
	}
}

type ofConnection struct{}

// connectionOf returns the connection of a request.
func connectionOf(r *http.Request) *openConnection {
	return r.Context().Value(ofConnection{}).(*openConnection)
}

// boundedListener accepts connections within the limits, and closes the others.
type boundedListener struct {
	net.Listener
	connections *connections
}

// Accept is of [net.Listener].
func (l boundedListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if admitted := l.connections.admit(connection); admitted != nil {
			return admitted, nil
		}
		_ = connection.Close() // its client may have closed it
	}
}

// mostConnectionLines is the most lines about connections in a second.
const mostConnectionLines = 5

// connectionLog logs what net/http says about connections, for example that a client does not trust the certificate. It is
// limited, because anybody can make a connection that fails.
type connectionLog struct{ limit *rate.Limiter }

// Write is of [io.Writer].
func (l connectionLog) Write(line []byte) (int, error) {
	if l.limit.Allow() {
		slog.Info(strings.TrimSpace(string(line)))
	}
	return len(line), nil
}
