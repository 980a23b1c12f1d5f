// Package chart renders the Helm chart with the real helm, for tests and demos.
package chart

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Release and Namespace are the names under which the chart is rendered.
const (
	Release   = "runai-mpi"
	Namespace = "runai-system"
)

// Render runs helm template; args are further ones, such as --set key=value.
func Render(ctx context.Context, helm, chart string, args ...string) (Objects, error) {
	var stdout, stderr bytes.Buffer
	args = append([]string{"template", Release, chart, "--namespace", Namespace, "--include-crds"}, args...)
	cmd := exec.CommandContext(ctx, helm, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("helm: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return Decode(&stdout)
}
