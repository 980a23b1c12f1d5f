package chart

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// helm runs the real helm with a command and the chart's folder.
func helm(t *testing.T, args ...string) []byte {
	t.Helper()
	set, err := binaries.Find(binaries.Helm)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), set[binaries.Helm], args...)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("helm %v: %v: %s%s", args, err, output, stderr.Bytes())
	}
	return output
}

func directory(t *testing.T) string {
	t.Helper()
	dir, err := chart.Directory()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// The tests render the chart with helm's engine as a library, and must get what the real helm prints.
func TestRenderMatchesHelm(t *testing.T) {
	for name, values := range map[string]string{
		"default":   "",
		"demo":      "policy: {scheduling: {schedulerName: kai-scheduler}, gpu: {fractions: KAI}}",
		"lists":     "projectReaders: [a, b]\nimagePullSecrets: [{name: c}]\ntolerations: [{key: d}]\nnodeSelector: {e: f}",
		"small":     "replicas: 1\nimage: {tag: v1}\npriorityClassName: system-cluster-critical",
		"an issuer": "certManager: {issuerRef: {kind: ClusterIssuer, name: company}, caSecretName: company-ca}",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "values.yaml")
			if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
				t.Fatal(err)
			}
			printed := helm(t, "template", chart.Release, directory(t), "--namespace", chart.Namespace, "--include-crds",
				"--kube-version", chart.KubernetesVersion, "--set", "image.repository="+chart.Repository, "--values", file)
			want, err := chart.Decode(bytes.NewReader(printed))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, render(t, "--values", file)); diff != "" {
				t.Errorf("(-helm +rendered):\n%s", diff)
			}
		})
	}
}
