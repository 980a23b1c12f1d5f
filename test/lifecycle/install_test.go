package lifecycle

import (
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/pages"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// The pages about installing and uninstalling, as pasted: the first job runs as its submitter, nothing stays but what
// the page lists, the next installation takes that over, and the page removes the rest.
func TestInstallPage(t *testing.T) {
	lab.Require(t)
	admin := newShell(t)
	var before inventory
	for _, c := range pages.Commands(t, "install.md", "Install") {
		if strings.HasPrefix(c.Text, "helm install") {
			before = takeInventory(t)
		}
		admin.paste(t, c)
	}
	for _, c := range pages.Commands(t, "install.md", "Configure") {
		admin.paste(t, c)
	}
	uninstall := pages.Commands(t, "uninstall.md", "Uninstall")
	for _, c := range uninstall {
		admin.paste(t, c)
	}
	onlyWhatThePageSaysIsLeft(t, before, "runai-team-a")

	kept := takeInventory(t)
	admin.run(t, "helm install runai-mpi charts/runai-mpi --namespace runai-system -f values.yaml --wait\n")
	admin.run(t, "helm test runai-mpi --namespace runai-system\n")
	now := takeInventory(t)
	for o, uid := range kept {
		if o.resource != "pods" && now[o] != uid && now[o] != "" {
			t.Errorf("%s was replaced", o)
		}
	}
	for _, c := range uninstall {
		admin.paste(t, c)
	}
	onlyWhatThePageSaysIsLeft(t, before, "runai-team-a")
	for _, c := range pages.Commands(t, "uninstall.md", "Remove the rest") {
		admin.paste(t, c)
	}
	nothingIsLeft(t, before)
}
