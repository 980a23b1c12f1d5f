package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tabbed returns what a command line can continue with, without descriptions.
func tabbed(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := runai(t, append([]string{"__completeNoDesc"}, args...)...)
	if code != 0 || stderr != "" {
		t.Errorf("%q: exit code %d, stderr %q", args, code, stderr)
	}
	return strings.Join(strings.Fields(stdout), " ")
}

// A command line is completed from the grammar, by the shell where that is files (0), and else by nothing (4).
func TestCompletionOfTheGrammar(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for typed, want := range map[string]string{
		"subm":                              "submit-mpi :4",
		"list ":                             "jobs projects :4",
		"mpi li":                            "list :4",
		"mj li":                             "list :4",
		"trai":                              ":4", // hidden
		"describe -o ":                      "name wide yaml json jsonpath= jsonpath-file= go-template= go-template-file= :4",
		"describe -o jsonpath=":             "jsonpath= :6", // no space
		"describe -o go-template=x --na":    "--namespace :4",
		"submit-mpi --dry-run --proc":       "--processes :4",
		"exec a -- l":                       ":0",
		"submit-mpi --image-pull-policy ":   "Always IfNotPresent Never :4",
		"submit-mpi --image-pull-policy=I":  "IfNotPresent :4",
		"submit-mpi --pvc-access-mode R":    "ReadWriteMany ReadOnlyMany ReadWriteOnce ReadWriteOncePod :4",
		"submit-mpi --dry-run=c":            "client :4",
		"submit-mpi --tty=":                 "true false :4",
		"submit-mpi --image-p":              "--image-pull-policy :4",
		"submit-mpi --volumes":              ":4", // an alias
		"submit-mpi --volumes a:/b --work":  "--working-dir :4",
		"submit-mpi -e A=b --env":           "--environment :4",
		"submit-mpi --memory 1G --memory":   "--memory-limit :4",
		"submit-mpi -i ":                    ":4",
		"submit-mpi --kubeconfig ":          ":0",
		"submit-mpi -i x -- python --image": ":0",
		"submit-mpi -i x -- ":               ":0",
		"completion ":                       "bash zsh fish :4",
		"--name":                            "--namespace :4",
		"logs --nod":                        ":4",
		"describe job ":                     ":4", // no cluster
		"whoami ":                           ":4",
		"no-such-command ":                  ":0",
	} {
		words := strings.Fields(typed)
		if strings.HasSuffix(typed, " ") {
			words = append(words, "")
		}
		if got := tabbed(t, words...); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

// serve returns the kubeconfig of a server, with a context whose name a shell would obey.
func serve(t *testing.T, user string, answer http.HandlerFunc) (kubeconfig string) {
	t.Helper()
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}],
users: [{name: u, user: %s}], contexts: [{name: x, context: {cluster: c, user: u}}, {name: "$(reboot)", context: {cluster: c}}]}`,
		server.URL, user)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// Names from elsewhere are offered only if a shell and a terminal take each for a word.
func TestHostileNamesAreNotOffered(t *testing.T) {
	kubeconfig := serve(t, "{}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", `299 - "a warning"`)
		_, _ = io.WriteString(w, `{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"cells":["a-job"]},{"cells":["$(reboot)"]},{"cells":["a;b"]},
{"cells":["a\u001b[2J"]},{"cells":["a b"]},{"cells":["-rf"]},{"cells":["~root"]},{"cells":["a\nb"]},{"cells":["a\tb"]},{"cells":["\u202ea"]},
{"cells":["a'b"]},{"cells":["a*"]},{"cells":["!1"]},{"cells":["a\u0060b"]},{"cells":[7]},{"cells":[]},{"cells":["z.job"]}]}`)
	})
	for _, args := range []string{"describe", "logs", "delete", "mpi logs"} {
		if got := tabbed(t, append(strings.Fields(args), "--kubeconfig", kubeconfig, "")...); !strings.HasSuffix(got, "a-job z.job :4") {
			t.Errorf("%s: got %q", args, got)
		}
	}
	if got := tabbed(t, "list", "--kubeconfig", kubeconfig, "--context", ""); got != "x :4" {
		t.Errorf("contexts: got %q", got)
	}
}

// A cluster that does not answer offers nothing, and so does one whose credential plugin must ask.
func TestCompletionDoesNotWait(t *testing.T) {
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	marker := filepath.Join(t.TempDir(), "asked")
	asks := fmt.Sprintf(`{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always, command: touch, args: [%q]}}`, marker)
	for name, kubeconfig := range map[string]string{
		"silent": serve(t, "{}", silent), "down": serve(t, "{}", down), "a plugin that asks": serve(t, asks, silent),
	} {
		for _, args := range []string{"describe job", "list -p", "submit-mpi --node-type", "logs a --pod"} {
			if got := tabbed(t, append([]string{"--kubeconfig=" + kubeconfig}, append(strings.Fields(args), "")...)...); got != ":4" {
				t.Errorf("%s, %s: got %q", name, args, got)
			}
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("the plugin ran")
	}
}

// The script of each shell is printed as it is, and bash accepts it.
func TestCompletionScripts(t *testing.T) {
	for shell, part := range map[string]string{"bash": "complete -o default -F __start_runai runai", "zsh": "#compdef runai", "fish": "complete -c runai"} {
		stdout, stderr, code := runai(t, "completion", shell)
		if code != 0 || stderr != "" || !strings.Contains(stdout, part) || strings.Contains(stdout, `\t`+"\n") {
			t.Errorf("%s: exit code %d, %s%s", shell, code, stderr, stdout)
		}
	}
	if _, stderr, code := runai(t, "completion", "tcsh"); code != 2 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
