// Package kube is the only package of the command line that uses the network: it reads and writes objects,
// and explains the errors of the API server.
package kube

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// ConnectOptions are the options of [Connect].
type ConnectOptions struct {
	Kubeconfig string // Default: as kubectl finds it.
	Context    string // Default: the current one.
	UserAgent  string
	Log        *slog.Logger
	Warn       func(string) // is called with the API server's warnings
	Note       func(string) // is called with what is down, while a request is repeated
}

// A Client talks to one API server during one run of the program.
type Client struct {
	// Namespace is the namespace of the kubeconfig's context.
	Namespace string

	server   string
	manager  string
	dynamic  dynamic.Interface
	metadata metadata.Interface
	core     *rest.RESTClient // for the logs of pods
}

// Connect reads the kubeconfig. It sends no request.
func Connect(options ConnectOptions) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = options.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: options.Context})
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, explainKubeconfig(err, options)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, explainKubeconfig(err, options)
	}
	config.UserAgent = options.UserAgent
	config.QPS = -1 // no limit: a command sends only a few requests
	config.WarningHandler = warnings{options.Warn}
	config.Wrap(func(network http.RoundTripper) http.RoundTripper {
		return retrying{logging{marking{network}, options.Log}, config.Host, options.Note}
	})
	return newClient(config, namespace)
}

func newClient(config *rest.Config, namespace string) (*Client, error) {
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot use the kubeconfig: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("cannot use the kubeconfig: %w", err)
	}
	core, err := newCore(config)
	if err != nil {
		return nil, fmt.Errorf("cannot use the kubeconfig: %w", err)
	}
	return &Client{Namespace: namespace, server: config.Host, manager: newManager(), dynamic: objects, metadata: meta, core: core}, nil
}

// newManager returns a field manager that is unique to this run, so that the run recognises its own job
// if the response to a creation is lost.
func newManager() string {
	var token [4]byte
	_, _ = rand.Read(token[:]) // never fails
	return "runai-" + hex.EncodeToString(token[:])
}
