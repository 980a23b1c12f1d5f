package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// If nothing can be sent to the API server, the error names the cause, and does not say that anything may have
// been created.
func TestNothingIsSent(t *testing.T) {
	const exec = `{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %s}}`
	const server, login = "https://127.0.0.1:1", "cannot get credentials for the API server https://127.0.0.1:1: "
	for _, test := range []struct{ name, user, server, want string }{
		{"a plugin that is not installed", fmt.Sprintf(exec, "no-such-plugin, installHint: install it"), server,
			login + "executable no-such-plugin not found; install it, or check the exec command in the kubeconfig"},
		{"a plugin at a path without a file", fmt.Sprintf(exec, "/no/such/plugin"), server,
			login + "fork/exec /no/such/plugin: no such file or directory; log in again, or check the exec command in the kubeconfig"},
		{"a plugin that fails", fmt.Sprintf(exec, "sh, args: [-c, exit 3]"), server,
			login + "executable sh failed with exit code 3; log in again, or check the exec command in the kubeconfig"},
		{"a plugin that prints something else", fmt.Sprintf(exec, "echo, args: [hello]"), server,
			login + "the exec command did not print an ExecCredential; log in again, or check the exec command in the kubeconfig"},
		{"a certificate without a file", "{client-certificate: /no.crt, client-key: /no.key}", server, "cannot read the kubeconfig FILE: " +
			"invalid configuration: [unable to read client-cert /no.crt for u due to open /no.crt: no such file or directory, " +
			"unable to read client-key /no.key for u due to open /no.key: no such file or directory]"},
		{"a certificate that is not one", "{client-certificate-data: aGVsbG8=, client-key-data: aGVsbG8=}", server,
			"cannot use the kubeconfig: tls: failed to find any PEM data in certificate input"},
		{"a token without a file", "{tokenFile: /no.token}", server,
			"cannot read the kubeconfig FILE: open /no.token: no such file or directory"},
		{"a plugin that no longer exists", "{auth-provider: {name: gcp}}", server,
			`cannot use the kubeconfig: no Auth Provider found for name "gcp"`},
		{"no server", "{token: a}", server,
			"cannot reach the API server " + server + ": dial tcp 127.0.0.1:1: connect: connection refused; check the network and the kubeconfig"},
		{"no proxy", "{token: a}", "https://10.0.0.1, proxy-url: http://127.0.0.1:1", "cannot reach the API server https://10.0.0.1: " +
			"proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused; check the network and the kubeconfig"},
		{"a password in the address", "{token: a}", "https://bob:secret@127.0.0.1:1",
			"cannot reach the API server " + server + ": dial tcp 127.0.0.1:1: connect: connection refused; check the network and the kubeconfig"},
		{"a password in an invalid address", "{token: a}", "'https://bob:secret@a b'",
			`cannot use the kubeconfig: host must be a URL or a host:port pair: "https://a b"`},
		{"a password in the address of an invalid proxy", "{token: a}", "https://10.0.0.1, proxy-url: 'x://bob:secret@a'", "cannot read the kubeconfig FILE: " +
			`invalid configuration: invalid 'proxy-url' "x://a" for cluster "c": unsupported scheme "x", must be http, https, or socks5`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kubeconfig")
			text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: %s}}],
users: [{name: u, user: %s}], contexts: [{name: x, context: {cluster: c, user: u}}]}`,
				test.server, test.user)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			want := "runai: " + strings.ReplaceAll(test.want, "FILE", path) + "\n"
			if cause, isRefused := strings.CutSuffix(test.want, "; check the network and the kubeconfig"); isRefused {
				want = "trying again for up to 30 seconds: " + cause + "\n" + want
			}
			for _, args := range []string{"submit-mpi dist1 -n ns -i x", "submit-mpi -n ns -i x", "whoami", "list", "delete dist1"} {
				synctest.Test(t, func(t *testing.T) {
					stdout, stderr, code := runai(t, append(strings.Fields(args), "--kubeconfig="+path)...)
					if stderr != want || stdout != "" || code != 1 {
						t.Errorf("%s: exit code %d\ngot  %swant %s", args, code, stderr, want)
					}
				})
			}
		})
	}
}
