package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/ranges"
)

const runs = 30

// A command is a program that is timed as users run it: as a whole process.
type command struct {
	name string
	args func(run int) []string
	took []time.Duration
}

// The command line submits sooner than kubectl creates the same job, and prints its help sooner than kubectl its version.
// The commands alternate, so that other load on the machine affects all equally.
func TestCommandLineIsFast(t *testing.T) {
	product.AddProject(t, "fast", v1alpha1.ProjectSpec{})
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"-n", "runai-fast", "-i", "example/train", "--processes", "2", "-g", "1", "--large-shm"}
	manifests := manifestsOf(t, flags)
	submit := &command{name: product.Programs.Runai, args: func(run int) []string {
		return append([]string{"submit-mpi", fmt.Sprintf("ours-%d", run)}, flags...)
	}}
	create := &command{name: kubectl[binaries.Kubectl], args: func(run int) []string { return []string{"create", "-f", manifests[run]} }}
	help := &command{name: product.Programs.Runai, args: func(int) []string { return []string{"submit-mpi", "--help"} }}
	version := &command{name: kubectl[binaries.Kubectl], args: func(int) []string { return []string{"version", "--client"} }}
	home := t.TempDir()
	for run := range runs + 1 { // the first one fills kubectl's cache of the API, and is not counted
		for _, c := range []*command{submit, create, help, version} {
			c.time(t, run, home)
		}
	}
	ranges.Check(t, "submit-to-kubectl", report(t, "submit-mpi", submit, "kubectl create", create))
	ranges.Check(t, "help-to-kubectl", report(t, "--help", help, "kubectl version --client", version))
}

// manifestsOf returns files with the job of submit-mpi, each with its own name.
func manifestsOf(t *testing.T, flags []string) (files []string) {
	t.Helper()
	stdout, stderr, code := product.Runai(t, append([]string{"submit-mpi", "theirs", "--dry-run=client"}, flags...)...)
	if code != 0 {
		t.Fatal(stderr)
	}
	folder := t.TempDir()
	for run := range runs + 1 {
		files = append(files, filepath.Join(folder, fmt.Sprintf("%d.yaml", run)))
		text := strings.Replace(stdout, "name: theirs", fmt.Sprintf("name: theirs-%d", run), 1)
		if err := os.WriteFile(files[run], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func (c *command) time(t *testing.T, run int, home string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.name, c.args(run)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+product.Kubeconfig(), "HOME="+home)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		t.Fatalf("%v: %s", err, output.String())
	}
	if run > 0 {
		c.took = append(c.took, took)
	}
}

// report prints the medians of two commands, and returns their ratio.
func report(t *testing.T, ours string, one *command, theirs string, other *command) float64 {
	t.Helper()
	ratio := float64(median(one.took)) / float64(median(other.took))
	t.Logf("runai %s %s, %s %s: ratio %.2f", ours, median(one.took).Round(100*time.Microsecond),
		theirs, median(other.took).Round(100*time.Microsecond), ratio)
	return ratio
}
