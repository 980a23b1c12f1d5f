package main

import (
	"net"
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

// Each port is open, or the command says which is not: the library goes on with the others.
func TestPortsOfForwarding(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, open, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"8080:80 :80 :80 8080:81", 2, "local port 8080 is used twice: use 8080 only once, or a free one with :81"},
		{"8080 --port 8080", 2, "local port 8080 is used twice: use 8080 only once, or a free one with :8080"},
		{"0:80 70000", 2, `invalid value "70000" for PORT: must be REMOTE or LOCAL:REMOTE, for example 8888:8080`},
		{"80:80:80", 2, `invalid value "80:80:80" for PORT: must be REMOTE or LOCAL:REMOTE, for example 8888:8080`},
		{port + ":80", 1, "cannot listen on 127.0.0.1:" + port + ": another program uses this port"},
		{open + ":80 --address 0.0.0.0 --address 127.0.0.1", 1, "cannot listen on 127.0.0.1:" + open + ": 0.0.0.0:" + open + " already uses this port"},
	} {
		stdout, stderr, code := runai(t, strings.Fields("port-forward dist1 "+test.args)...)
		if want := "runai: " + test.want + "\n"; code != test.code || stderr != want || stdout != "" {
			t.Errorf("%s: exit code %d, got %s%s", test.args, code, stdout, stderr)
		}
	}
}

// The words of a command may have a password. The log of requests has only the program.
func TestCommandIsNotLogged(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	c.pod("dist1", "dist1-launcher-a", runs)
	c.logs["dist1-launcher-a"] = func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "Forbidden") }
	cmd := c.start(t, "exec", "--loglevel=debug", "dist1", "--", "mysql", "--password", "s3cret")
	if code := <-cmd.code; code != 1 || strings.Contains(cmd.stderr.String(), "s3cret") || !strings.Contains(cmd.stderr.String(), "command=mysql&") {
		t.Errorf("exit code %d: %s", code, cmd.stderr)
	}
}
