package integration

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var shells = flag.String("shells", "bash", "the shells to complete in: bash,zsh,fish")

// An interactiveShell is a real shell on a terminal. Ctrl-G prints the line that is being edited between < and >.
type interactiveShell struct {
	command []string
	setup   []string
	clear   string // removes the line that is being edited
	lists   bool   // the second TAB lists what is possible
}

var interactiveShells = map[string]interactiveShell{
	"bash": {
		command: []string{"bash", "--norc", "--noprofile", "-i"},
		setup: []string{
			`bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set completion-query-items -1'`,
			`bind 'set page-completions off'; bind 'set show-all-if-ambiguous on'; bind -x '"\C-g": printf "<%s>\n" "$READLINE_LINE"'`,
			`source <(runai completion bash)`,
		},
		clear: "\x05\x15", lists: true,
	},
	"zsh": {
		command: []string{"zsh", "-f", "-i"},
		setup: []string{
			`unsetopt zle_bracketed_paste prompt_sp; unset zle_bracketed_paste; autoload -U compinit; compinit -u`,
			`zstyle ':completion:*' menu no`,
			`show() { print -r -- "<$BUFFER>" }; zle -N show; bindkey '^G' show; LISTMAX=10000; unsetopt list_beep auto_menu`,
			`source <(runai completion zsh)`,
		},
		clear: "\x05\x15", lists: true,
	},
	"fish": {
		command: []string{"fish", "--no-config", "-i"},
		setup: []string{
			`function fish_prompt; end; function fish_title; end; function fish_greeting; end; set -g fish_autosuggestion_enabled 0`,
			`bind \cg 'echo "<"(commandline)">"; commandline -f repaint'`,
			`runai completion fish | source`,
		},
		clear: "\x05\x15",
	},
}

// completions are command lines and what TAB makes of them; where several are possible, they are listed.
var completions = []struct {
	typed, want string
	listed      []string
}{
	{typed: "runai sub", want: "runai submit-mpi "},
	{typed: "runai desc", want: "runai describe "},
	{typed: "runai describe job only", want: "runai describe job only-one "},
	{typed: "runai describe only", want: "runai describe only-one "},
	{typed: "runai mpi describe only", want: "runai mpi describe only-one "},
	{typed: "runai -n runai-tab logs only", want: "runai -n runai-tab logs only-one "},
	{typed: "runai logs -p tab tw", want: "runai logs -p tab two-", listed: []string{"two-a", "two-b"}},
	{typed: "runai delete two-a two-", want: "runai delete two-a two-b "},
	{typed: "runai logs only-one --pod only-one-l", want: "runai logs only-one --pod only-one-launcher-PART"},
	{typed: "runai logs only-one --pod=only-one-worker-", want: "runai logs only-one --pod=only-one-worker-0 "},
	{typed: "runai list -p tabul", want: "runai list -p tabular "},
	{typed: "runai list --project=tabul", want: "runai list --project=tabular "},
	{typed: "runai config project tabul", want: "runai config project tabular "},
	{typed: "runai submit-mpi -p tabular --node-type d", want: "runai submit-mpi -p tabular --node-type dgx-tab "},
	{typed: "runai --context oth", want: "runai --context other:cluster "},
	{typed: "runai submit-mpi --image-pull-policy=Al", want: "runai submit-mpi --image-pull-policy=Always "},
	{typed: "runai submit-mpi --mpi-implementation M", want: "runai submit-mpi --mpi-implementation MPICH "},
	{typed: "runai submit-mpi --dry", want: "runai submit-mpi --dry-run "},
	{typed: "runai list --kubeconfig a-fi", want: "runai list --kubeconfig a-file "},
	{typed: "runai submit-mpi -i x -- cat a-fi", want: "runai submit-mpi -i x -- cat a-file "},
	{typed: "runai describe job no-such", want: "runai describe job no-such"},
}

// TAB completes in a real shell on a terminal, without the package bash-completion: commands, flags and their values, and
// names from the cluster.
func TestCompletion(t *testing.T) {
	product.AddProject(t, "tab", v1alpha1.ProjectSpec{})
	product.AddProject(t, "tabular", v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx-tab"}}})
	for _, name := range []string{"only-one", "two-a", "two-b"} {
		submit(t, name, "-p", "tab")
	}
	suite.Eventually(t, "the job has pods", suite.Soon, func() error { return product.HasPods(t, "runai-tab", 6) })
	kubeconfig := changedConfig(t, func(config *api.Config) {
		config.Contexts["other:cluster"] = config.Contexts[config.CurrentContext]
		config.Contexts["other$(touch pwned)"] = config.Contexts[config.CurrentContext]
		config.Contexts[config.CurrentContext].Namespace = "runai-tab"
	})
	for _, name := range strings.Split(*shells, ",") {
		t.Run(name, func(t *testing.T) { completes(t, interactiveShells[name], kubeconfig) })
	}
}

func completes(t *testing.T, shell interactiveShell, kubeconfig string) {
	s := startShell(t, shell, kubeconfig)
	for _, test := range completions {
		isListed := shell.lists && len(test.listed) > 0
		want, _, isPart := strings.Cut(test.want, "PART")
		suite.Eventually(t, test.typed, suite.Soon, func() error { // a cluster that is slow completes nothing
			shown := s.complete(t, test.typed, isListed)
			line := shown[strings.LastIndex(shown, "<")+1 : strings.LastIndex(shown, ">")]
			if line != want && (!isPart || !strings.HasPrefix(line, want)) {
				return fmt.Errorf("got %q, want %q", line, want)
			}
			if isListed {
				return suite.Says(shown, test.listed...)
			}
			return nil
		})
	}
	if _, err := os.Stat(filepath.Join(s.folder, "pwned")); err == nil {
		t.Error("a name was executed")
	}
}

// changedConfig returns the path of a changed copy of the administrator's kubeconfig.
func changedConfig(t *testing.T, change func(*api.Config)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(product.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A typist types into a shell and reads what its terminal shows.
type typist struct {
	shell    interactiveShell
	terminal *os.File
	shown    chan []byte
	folder   string
}

func startShell(t *testing.T, shell interactiveShell, kubeconfig string) *typist {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a-file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	user, program := openTerminal(t)
	cmd := exec.Command(shell.command[0], shell.command[1:]...)
	cmd.Dir = folder
	cmd.Env = []string{
		"PATH=" + filepath.Dir(product.Programs.Runai) + ":" + os.Getenv("PATH"), "HOME=" + folder, "TERM=dumb", "PS1=", "LANG=C.UTF-8",
		"KUBECONFIG=" + kubeconfig, "COLUMNS=200",
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := &typist{shell: shell, terminal: user, shown: make(chan []byte, 1000), folder: folder}
	go s.read()
	for i, line := range shell.setup {
		ready := fmt.Sprintf("ready-%d", i)
		s.send(t, line+"; echo ready''-"+fmt.Sprint(i)+"\n")
		s.await(t, ready)
	}
	return s
}

func (s *typist) read() {
	for {
		buffer := make([]byte, 4096)
		n, err := s.terminal.Read(buffer)
		if err != nil {
			return
		}
		s.shown <- buffer[:n]
	}
}

func (s *typist) send(t *testing.T, text string) {
	t.Helper()
	if _, err := s.terminal.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// await returns what the terminal shows until a text.
func (s *typist) await(t *testing.T, text string) string {
	t.Helper()
	var all bytes.Buffer
	timeout := time.After(suite.Soon)
	for !slices.ContainsFunc(strings.Split(all.String(), "\n"), func(line string) bool { return strings.Contains(line, text) }) {
		select {
		case more := <-s.shown:
			all.Write(more)
		case <-timeout:
			t.Fatalf("the terminal does not show %q: %q", text, all.String())
		}
	}
	return all.String()
}

// complete types a line and TAB, twice to list what is possible, and returns what the terminal shows, with the line at its
// end.
func (s *typist) complete(t *testing.T, line string, twice bool) string {
	t.Helper()
	tabs := "\t"
	if twice {
		tabs = "\t\t"
	}
	s.send(t, line+tabs+"\x07")
	shown := s.await(t, ">")
	s.send(t, s.shell.clear)
	return shown
}
