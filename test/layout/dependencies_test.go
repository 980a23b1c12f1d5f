// Package layout holds the repository to its layout where the linter cannot.
package layout

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What only tests need is in neither binary.
func TestBinariesLinkNoTestCode(t *testing.T) {
	for _, binary := range []string{"cli", "webhook"} {
		output, err := exec.Command("go", "list", "-deps", "../../"+binary).Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(output), "github.com/runai-mpi/runai-mpi/shared/annotations\n") {
			t.Fatalf("%s does not link what it must: this test sees nothing", binary)
		}
		for _, forbidden := range []string{
			"github.com/cert-manager/", "sigs.k8s.io/controller-runtime/pkg/envtest", "testing\n", "net/http/httptest",
			"github.com/runai-mpi/runai-mpi/test/", "github.com/runai-mpi/runai-mpi/shared/mpijobtest", "github.com/google/go-cmp",
		} {
			for line := range strings.Lines(string(output)) {
				if strings.HasPrefix(line, forbidden) {
					t.Errorf("%s links %s", binary, line)
				}
			}
		}
	}
}

// The command line has no use for the server's library.
func TestCommandLineIsSmall(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", "../../cli").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(output)) {
		if strings.HasPrefix(line, "sigs.k8s.io/controller-runtime") {
			t.Errorf("runai links %s", line)
		}
	}
}

// The map of the tests has every suite and every tool.
func TestMapIsComplete(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"", "internal/"} {
		entries, err := os.ReadDir("../" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if !entry.IsDir() || entry.Name() == "internal" {
				continue
			}
			if link := "](" + folder + entry.Name() + ")"; !strings.Contains(string(text), link) {
				t.Errorf("test/README.md does not link to %s%s", folder, entry.Name())
			}
		}
	}
}
