package lifecycle

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

const (
	// older is the commit whose chart is olderChart, in the clone, as helm package wrote it.
	older      = "c97f406"
	olderChart = "test/lifecycle/testdata/runai-mpi-0.1.0.tgz"
	// olderTag and newerTag are the tags in the pages.
	olderTag, newerTag = "0.1.0", "0.2.0"
)

// pushOlderImage pushes the image of the older release. Only with -all it is built from its commit, which takes the
// history of the repository and a minute. Otherwise it is today's, which understands the older chart's arguments.
func pushOlderImage(t *testing.T) {
	t.Helper()
	var variables []string
	if *all {
		variables = append(variables, "GO_BUILD="+buildsOlder(t))
	}
	if err := product.Release.PushImage(t.Context(), olderTag, variables...); err != nil {
		t.Fatal(err)
	}
}

// buildsOlder returns a program that is called as go build for ./webhook, and builds that of the older commit.
func buildsOlder(t *testing.T) (path string) {
	t.Helper()
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("sh", "-ec", `git archive --output="$0/older.tar" "$1"; tar -xf "$0/older.tar" -C "$0"
CGO_ENABLED=0 GOOS=linux go build -C "$0" -trimpath -buildvcs=false -ldflags '-s -w' -o "$0/built" ./webhook`, dir, older)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOARCH="+runtime.GOARCH)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build commit %s, which takes a clone with its history: %s: %s", older, err, output)
	}
	path = filepath.Join(dir, "copy")
	script := "#!/bin/sh -e\nmkdir -p \"$(dirname \"$2\")\"\ncp " + filepath.Join(dir, "built") + " \"$2\"\n" // -o PATH ./webhook
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
