// Package kube is the only package of the command line that uses the network: it reads and writes objects,
// and explains the errors of the API server.
package kube

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc" // the auth provider of older kubeconfigs
)

// ConnectOptions are the options of [Connect].
type ConnectOptions struct {
	Kubeconfig string // Default: as kubectl finds it.
	Context    string // Default: the current one.
	As         string // The user to impersonate, if any.
	AsGroups   []string
	Timeout    string // Of a request that is answered once; "0": none.
	Unattended bool   // Nobody can answer a credential plugin.
	UserAgent  string
	Log        *slog.Logger
	Warn       func(string)                    // is called with the API server's warnings
	Note       func(string)                    // is called with what is down, while a request is repeated
	Waiting    func(text string) (done func()) // is called with what a request waits for, if somebody looks
}

// A Client talks to one API server during one run of the program.
type Client struct {
	// Namespace is the namespace of the kubeconfig's context.
	Namespace string

	server   string
	manager  string
	dynamic  dynamic.Interface
	metadata metadata.Interface
	core     *rest.RESTClient // for the logs of pods, and for sessions in them
	config   *rest.Config     // for connections that are not requests
}

// silenceLibrary discards the client library's messages, which its errors have too.
var silenceLibrary = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })

// Connect reads the kubeconfig. It sends no request.
func Connect(options ConnectOptions) (*Client, error) {
	silenceLibrary()
	loader := options.loader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, explainKubeconfig(err, options)
	}
	if name := contextName(raw, options); name != "" && raw.Contexts[name] == nil {
		return nil, unknownContext(name)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, explainKubeconfig(err, options)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, explainKubeconfig(err, options)
	}
	if config.ExecProvider != nil && options.Unattended {
		config.ExecProvider.StdinUnavailable = true
	}
	config.UserAgent = options.UserAgent
	config.QPS = -1 // no limit: a command sends only a few requests
	config.WarningHandler = &warnings{warn: options.Warn}
	wait := newWaiting(config, options)
	config.Wrap(func(network http.RoundTripper) http.RoundTripper {
		return newRetrying(onlyAnswers{wait.forServer(logging{marking{network}, options.Log})}, config, options.Note)
	})
	return newClient(config, namespace, wait)
}

// newClient returns a client whose timeout bounds only what is answered once: the library's own would end what is
// followed or watched.
func newClient(config *rest.Config, namespace string, wait waiting) (*Client, error) {
	timeout := config.Timeout
	config.Timeout = 0
	shared, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, cannotUse(err)
	}
	shared.Transport = bounding{wait.forPlugin(shared.Transport), timeout}
	objects, err := dynamic.NewForConfigAndClient(config, shared)
	if err != nil {
		return nil, cannotUse(err)
	}
	meta, err := metadata.NewForConfigAndClient(config, shared)
	if err != nil {
		return nil, cannotUse(err)
	}
	core, err := newCore(config, shared)
	if err != nil {
		return nil, cannotUse(err)
	}
	return &Client{
		Namespace: namespace, server: serverOf(config), manager: newManager(), dynamic: objects, metadata: meta, core: core, config: config,
	}, nil
}

// serverOf returns the address of the API server for messages. The kubeconfig may have a password in it.
func serverOf(config *rest.Config) string { return withoutPassword(config.Host) }

// newManager returns a field manager that is unique to this run, so that the run recognises its own job
// if the response to a creation is lost.
func newManager() string {
	var token [4]byte
	_, _ = rand.Read(token[:]) // never fails
	return "runai-" + hex.EncodeToString(token[:])
}
