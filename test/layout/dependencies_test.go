// Package layout checks what the linter cannot check of the repository's layout.
package layout

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The binaries must not link packages that only tests need.
func TestBinariesLinkNoTestCode(t *testing.T) {
	for _, binary := range []string{"cli", "webhook"} {
		output, err := exec.Command("go", "list", "-deps", "../../"+binary).Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(output), "github.com/runai-mpi/runai-mpi/shared/annotations\n") {
			t.Fatalf("go list -deps of %s lacks shared/annotations: this test would find nothing", binary)
		}
		for _, forbidden := range []string{
			"github.com/cert-manager/", "sigs.k8s.io/controller-runtime/pkg/envtest", "testing\n", "net/http/httptest",
			"github.com/runai-mpi/runai-mpi/test/", "github.com/runai-mpi/runai-mpi/shared/mpijobtest", "github.com/google/go-cmp",
			"github.com/crewjam/saml",
		} {
			for line := range strings.Lines(string(output)) {
				if strings.HasPrefix(line, forbidden) {
					t.Errorf("%s links %s", binary, line)
				}
			}
		}
	}
}

// The CLI must not link controller-runtime, which only the webhook needs.
func TestCLILinksNoControllerRuntime(t *testing.T) {
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

// test/README.md lists every suite and every tool.
func TestReadmeIsComplete(t *testing.T) {
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
