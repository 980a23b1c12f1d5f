package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// As a plugin of kubectl the program has another name, works, and is completed by kubectl's own completion.
func TestKubectlPlugin(t *testing.T) {
	product.AddProject(t, "plugin", v1alpha1.ProjectSpec{})
	submit(t, "plugged", "-p", "plugin")
	set, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"kubectl-runai", "kubectl_complete-runai"} {
		if err := os.Symlink(product.Programs.Runai, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"runai", "logs", "--help"}, "Usage: kubectl runai logs "},
		{[]string{"runai", "list", "-p", "plugin"}, "\nplugged "},
		{[]string{"__complete", "runai", "describe", "-p", "plugin", "plu"}, "plugged\n:4\n"},
	} {
		cmd := exec.Command(set[binaries.Kubectl], test.args...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+product.Kubeconfig(), "PATH="+folder+":"+os.Getenv("PATH"))
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		}
		if err := suite.Says(string(output), test.want); err != nil {
			t.Errorf("%s: %v", test.args, err)
		}
	}
}
