package main

import (
	"net/http"
	"strings"
	"testing"
)

// An interruption ends a command also while the API server does not answer whether there will be a session.
func TestInterruptedOpening(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"exec dist1 -- true", "runai: interrupted\n"},
		{"exec -it dist1 -- true", "runai: interrupted\n"},
		{"bash dist1", "runai: interrupted\n"},
		{"port-forward dist1 :80", ""},
		{"attach dist1", "runai: interrupted: job \"dist1\" was not deleted; attach to it with 'runai attach dist1'\n"},
		{"logs dist1", "runai: interrupted\n"},
		{"logs -f dist1", "runai: interrupted\n"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.job("dist1", nil)
			c.pod("dist1", "dist1-launcher-a", runs)
			asked, end := make(chan struct{}, 9), make(chan struct{})
			t.Cleanup(func() { close(end) })
			c.logs["dist1-launcher-a"] = func(http.ResponseWriter, *http.Request) {
				asked <- struct{}{}
				<-end
			}
			cmd := c.start(t, strings.Fields(test.args)...)
			<-asked
			cmd.cancel()
			cmd.ends(t, 130, "", test.want)
		})
	}
}
