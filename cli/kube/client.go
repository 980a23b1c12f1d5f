// Package kube is all of the command line that touches a network: MPIJobs, namespaces, and what goes
// wrong with them.
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

// ConnectOptions say how to reach the cluster.
type ConnectOptions struct {
	Kubeconfig string // "": as kubectl finds it
	Context    string // "": the kubeconfig's current one
	UserAgent  string
	Log        *slog.Logger
	Warn       func(string) // takes the API server's warnings
}

// A Client speaks with one API server for one run of the command line.
type Client struct {
	// Namespace is the one of the kubeconfig's context.
	Namespace string

	server   string
	manager  string
	dynamic  dynamic.Interface
	metadata metadata.Interface
	core     *rest.RESTClient // for the logs of pods
}

// Connect reads the kubeconfig. It sends nothing: the first request tells whether the server is there.
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
	config.QPS = -1 // a command makes a handful of requests
	config.WarningHandler = warnings{options.Warn}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return logging{next, options.Log} })
	return newClient(config, namespace)
}

func newClient(config *rest.Config, namespace string) (*Client, error) {
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	core, err := newCore(config)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	return &Client{Namespace: namespace, server: config.Host, manager: newManager(), dynamic: objects, metadata: meta, core: core}, nil
}

// newManager names this run as the manager of the fields that it writes, so that it recognises its own
// job when the answer to a creation is lost.
func newManager() string {
	var token [4]byte
	_, _ = rand.Read(token[:]) // never fails
	return "runai-" + hex.EncodeToString(token[:])
}
