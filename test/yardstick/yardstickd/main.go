// Command yardstickd serves one of the handlers that the webhook is compared with, on controller-runtime's webhook
// server, until it gets a signal to stop: at /mutate, and at /validate one that allows everything.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/test/yardstick"
)

var (
	handler = flag.String("handler", yardstick.Allow, "Name of the handler.")
	host    = flag.String("host", "127.0.0.1", "Address to listen on.")
	port    = flag.Int("port", 0, "Port to listen on.")
	certDir = flag.String("cert-dir", "", "Directory with tls.crt and tls.key.")
	patch   = flag.String("patch", "", "File with a JSON patch to return instead of what the handler does.")
	closes  = flag.Bool("close", false, "Close each connection after an answer, as runai-webhook does.")
)

func main() {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server := webhook.NewServer(webhook.Options{Host: *host, Port: *port, CertDir: *certDir})
	handlers := yardstick.Handlers()
	mutating := handlers[*handler]
	if mutating == nil {
		return fmt.Errorf("unknown handler %q", *handler)
	}
	if *patch != "" {
		text, err := os.ReadFile(*patch)
		if err != nil {
			return err
		}
		mutating = yardstick.Patching(text)
	}
	server.Register("/mutate", closing(&admission.Webhook{Handler: mutating}))
	server.Register("/validate", closing(&admission.Webhook{Handler: handlers[yardstick.Allow]}))
	return server.Start(ctx)
}

func closing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *closes {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
