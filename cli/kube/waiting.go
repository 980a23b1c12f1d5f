package kube

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
)

// quietWait is how long a request may wait before the user is told what for.
const quietWait = 500 * time.Millisecond

// waiting says what a request waits for if that takes long: first the credential plugin, then the API server.
type waiting struct {
	show   func(text string) (done func()) // nil: nobody looks
	server string
	plugin string // "" if there is none, or if it has the terminal to ask on
}

func newWaiting(config *rest.Config, options ConnectOptions) waiting {
	w := waiting{show: options.Waiting, server: serverOf(config)}
	if plugin := config.ExecProvider; plugin != nil && (options.Unattended || plugin.InteractiveMode == api.NeverExecInteractiveMode) {
		w.plugin = plugin.Command
	}
	return w
}

type pluginKey struct{}

// forPlugin wraps what adds credentials to a request.
func (w waiting) forPlugin(next http.RoundTripper) http.RoundTripper {
	if w.show == nil || w.plugin == "" {
		return next
	}
	return roundTrip(func(request *http.Request) (*http.Response, error) {
		done := w.after(quietWait, fmt.Sprintf("waiting for %s, which gets your credentials", w.plugin))
		defer done()
		return next.RoundTrip(request.WithContext(context.WithValue(request.Context(), pluginKey{}, done)))
	})
}

// forServer wraps what sends a request. Whoever repeats a request by themselves says what they wait for.
func (w waiting) forServer(next http.RoundTripper) http.RoundTripper {
	if w.show == nil {
		return next
	}
	return roundTrip(func(request *http.Request) (*http.Response, error) {
		if pluginIsDone, isSet := request.Context().Value(pluginKey{}).(func()); isSet {
			pluginIsDone()
		}
		if request.Context().Value(onceKey{}) == nil {
			defer w.after(quietWait, "waiting for the API server "+w.server)()
		}
		return next.RoundTrip(request)
	})
}

// after shows a text later, unless the returned function was called before. Else that ends it.
func (w waiting) after(pause time.Duration, text string) (done func()) {
	var mutex sync.Mutex
	ended, end := false, func() {}
	timer := time.AfterFunc(pause, func() {
		mutex.Lock()
		defer mutex.Unlock()
		if !ended {
			end = w.show(text)
		}
	})
	return sync.OnceFunc(func() {
		timer.Stop()
		mutex.Lock()
		defer mutex.Unlock()
		ended = true
		end()
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
