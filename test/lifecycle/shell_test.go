package lifecycle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// A shell is one in which an administrator pastes commands: in a clone of the repository, with the real helm and
// kubectl. It ends with the first command that fails.
type shell struct {
	dir    string
	stdin  io.Writer
	output *bufio.Reader
}

const endOfOutput = "--- end of the output"

func newShell(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	s := &shell{dir: filepath.Join(dir, "clone")}
	clone(t, s.dir)
	cmd := exec.Command("sh", "-e")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(),
		"PATH="+programs(t, filepath.Join(dir, "programs"))+":"+os.Getenv("PATH"),
		"KUBECONFIG="+product.Kubeconfig(),
		"HELM_CONFIG_HOME="+dir, "HELM_CACHE_HOME="+dir, "HELM_DATA_HOME="+dir, "KUBECACHEDIR="+dir,
		"PLATFORMS=linux/"+runtime.GOARCH, // the node needs no other, and test/image builds both
	)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	s.stdin, s.output = stdin, bufio.NewReader(reader)
	err = cmd.Start()
	writer.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		reader.Close()
	})
	return s
}

// clone copies the files of the repository, as they are now.
func clone(t *testing.T, dir string) {
	t.Helper()
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c",
		`git ls-files -z --cached --others --exclude-standard | tar -c --null --files-from=- | tar -x -C "$0"`, dir)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot copy the repository: %s: %s", err, output)
	}
}

// programs returns a folder with what an administrator has.
func programs(t *testing.T, dir string) string {
	t.Helper()
	set, err := binaries.Find(binaries.Helm, binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []binaries.Name{binaries.Helm, binaries.Kubectl} {
		if err := os.Symlink(set[name], filepath.Join(dir, string(name))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs commands, and returns what they print.
func (s *shell) run(t *testing.T, text string) string {
	t.Helper()
	start := time.Now()
	output, err := s.try(text)
	first, _, _ := strings.Cut(text, "\n")
	t.Logf("%.1f s: %s", time.Since(start).Seconds(), first)
	if err != nil {
		t.Fatalf("%s\nprints\n%s\n%s", text, output, err)
	}
	return output
}

// try is run for commands that may fail. The shell has ended then.
func (s *shell) try(text string) (output string, err error) {
	file := filepath.Join(s.dir, ".pasted")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(s.stdin, ". ./.pasted </dev/null\necho '%s'\n", endOfOutput); err != nil {
		return "", err
	}
	var printed strings.Builder
	for {
		line, err := s.output.ReadString('\n')
		if before, found := strings.CutSuffix(strings.TrimSuffix(line, "\n"), endOfOutput); found {
			printed.WriteString(before)
			return printed.String(), nil
		}
		printed.WriteString(line)
		if errors.Is(err, io.EOF) {
			return printed.String(), errors.New("a command failed")
		}
		if err != nil {
			return printed.String(), err
		}
	}
}
