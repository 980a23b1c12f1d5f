package layout

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// largestCommandLine is in bytes. Users download it, and the system reads it at each start.
const largestCommandLine = 45_000_000

// make build makes the same binaries in every folder, also outside of a git repository, and they report the version
// that it was given.
func TestBuildsAreReproducible(t *testing.T) {
	one, other := copySources(t), copySources(t)
	makeBuild(t, one, "VERSION=v1.2.3")
	makeBuild(t, other, "VERSION=v1.2.3")
	for _, name := range []string{"runai", "runai-webhook"} {
		path := filepath.Join("bin", name)
		if !bytes.Equal(readFile(t, filepath.Join(one, path)), readFile(t, filepath.Join(other, path))) {
			t.Errorf("two builds of %s differ", name)
		}
		if got := versionOf(t, filepath.Join(one, path)); got != "v1.2.3" {
			t.Errorf("%s --version prints %q", name, got)
		}
	}
	if size := len(readFile(t, filepath.Join(one, "bin", "runai"))); size >= largestCommandLine {
		t.Errorf("runai has %d bytes, not less than %d", size, int(largestCommandLine))
	}
	makeBuild(t, one)
	if got := versionOf(t, filepath.Join(one, "bin", "runai-webhook")); got != "(devel)" {
		t.Errorf("without a version, --version prints %q", got)
	}
}

// copySources copies what the binaries are made of into a folder that is not a git repository.
func copySources(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range []string{"cli", "webhook", "shared", "config", "charts"} {
		if err := os.CopyFS(filepath.Join(folder, name), os.DirFS("../../"+name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Makefile", "go.mod", "go.sum"} {
		if err := os.WriteFile(filepath.Join(folder, name), readFile(t, "../../"+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func makeBuild(t *testing.T, folder string, args ...string) {
	t.Helper()
	output, err := exec.Command("make", append([]string{"-C", folder, "build"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

func versionOf(t *testing.T, program string) string {
	t.Helper()
	output, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
