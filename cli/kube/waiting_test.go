package kube

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// What a request waits for is said: the API server, or the credential plugin unless it has the terminal to ask on.
func TestWaiting(t *testing.T) {
	const plugin = `{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: %, command: sleep, args: ["5"]}}`
	for _, test := range []struct {
		name, user string
		unattended bool
		want       []string
	}{
		{"a server that accepts and never answers", "{}", false, []string{"waiting for the API server URL"}},
		{"a plugin that never asks", strings.Replace(plugin, "%", "Never", 1), false, []string{"waiting for sleep, which gets your credentials"}},
		{"a plugin that cannot ask", strings.Replace(plugin, "%", "IfAvailable", 1), true, []string{"waiting for sleep, which gets your credentials"}},
		{"a plugin that may ask", strings.Replace(plugin, "%", "IfAvailable", 1), false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, hang)
			url := s.url
			if test.user != "{}" {
				url = strings.Replace(url, "http:", "https:", 1) // else the credentials are not used
			}
			var mutex sync.Mutex
			var shown []string
			show := func(text string) func() {
				mutex.Lock()
				defer mutex.Unlock()
				shown = append(shown, strings.Replace(text, url, "URL", 1))
				return func() {}
			}
			client := connectWith(t, url, test.user, ConnectOptions{Timeout: "1s", Unattended: test.unattended, Waiting: show})
			_, err := client.Get(t.Context(), MPIJobs, "ns", "dist1")
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil || !slices.Equal(shown, test.want) {
				t.Errorf("%v, got %q", err, shown)
			}
		})
	}
}
