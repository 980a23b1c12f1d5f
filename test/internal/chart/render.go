// Package chart renders the Helm chart, and reads manifests.
package chart

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Release and Namespace are the names under which the chart is rendered, and Repository is the value of
// image.repository, which has no default.
const (
	Release    = "runai-mpi"
	Namespace  = "runai-system"
	Repository = "registry.example.com/runai-webhook"
)

// Render runs helm template with additional arguments, such as --set key=value. Only image.repository is already set.
func Render(ctx context.Context, args ...string) (Objects, error) {
	set, err := binaries.Find(binaries.Helm)
	if err != nil {
		return nil, err
	}
	chart, err := Dir()
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	args = append([]string{"template", Release, chart, "--namespace", Namespace, "--include-crds",
		"--set", "image.repository=" + Repository}, args...)
	cmd := exec.CommandContext(ctx, set[binaries.Helm], args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("helm: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return Decode(&stdout)
}

// Dir returns the folder of the chart.
func Dir() (string, error) {
	root, err := binaries.RepositoryRoot()
	return filepath.Join(root, "charts", "runai-mpi"), err
}
