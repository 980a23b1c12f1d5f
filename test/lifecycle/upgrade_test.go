package lifecycle

import (
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/pages"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// From the chart of an earlier commit, whose CRDs are older: an upgrade, a roll-back, another upgrade and the
// uninstallation, by the commands in the pages. What users have survives each, every job is judged until the
// uninstallation, and nobody without a project notices anything.
func TestUpgrade(t *testing.T) {
	lab.Require(t)
	startCertManager(t)
	deployOperator(t)
	before := takeInventory(t)
	pushOlderImage(t)
	admin := newShell(t)
	admin.run(t, `cat >values.yaml <<END
image:
  repository: registry.example.com/runai-webhook
  tag: "0.1.0"
policy: {identity: {sources: [Directory]}}
END
helm install runai-mpi `+olderChart+` --namespace runai-system --create-namespace -f values.yaml --wait
`+teams)
	runJob(t)
	tr := startTraffic(t, projectNamespace, elsewhere)
	tr.untilJudged(t)
	had := whatMustSurvive(t)
	if setNewField(t) {
		t.Error("the older CRD has the field that should be new")
	}

	tr.alwaysJudged(t, "upgrade", func() { pasteAll(t, admin, "upgrade.md", "Upgrade") })
	survived(t, "the upgrade", had)
	if !setNewField(t) {
		t.Error("the CRD was not upgraded")
	}
	tr.alwaysJudged(t, "roll-back", func() { pasteAll(t, admin, "upgrade.md", "Roll back") })
	survived(t, "the roll-back", had)
	if !hasNewField(t) {
		t.Error("the roll-back lost a field that only the newer CRD knows")
	}
	if *all {
		tr.alwaysJudged(t, "second upgrade", func() { pasteAll(t, admin, "upgrade.md", "Upgrade") })
		survived(t, "the second upgrade", had)
		if !hasNewField(t) {
			t.Error("the second upgrade lost a field that only the newer CRD knows")
		}
	}

	_, sequence := tr.during(t, "uninstall", func() { pasteAll(t, admin, "uninstall.md", "Uninstall") })
	if answers := sequence[projectNamespace]; answers[0] != judged || answers[len(answers)-1] != stored {
		t.Errorf("the answers during the uninstallation are %v", answers)
	}
	survived(t, "the uninstallation", had)
	onlyWhatThePageSaysIsLeft(t, before, projectNamespace, elsewhere)

	if *all {
		_, sequence = tr.during(t, "installation again", func() {
			admin.run(t, "helm install runai-mpi charts/runai-mpi --namespace runai-system -f values.yaml --wait\n")
			tr.untilJudged(t) // the API server learns of the webhook a moment after helm
		})
		onceJudged(t, sequence[projectNamespace])
		survived(t, "the second installation", had)
		tr.during(t, "uninstall again", func() { pasteAll(t, admin, "uninstall.md", "Uninstall") })
		survived(t, "the second uninstallation", had)
	}
	tr.stop()
	admin.run(t, removeTeams)
	for _, c := range pages.Commands(t, "uninstall.md", "Remove the rest")[:1] { // the chart created no other namespaces
		admin.paste(t, c)
	}
	nothingIsLeft(t, before)
}

func pasteAll(t *testing.T, admin *shell, page, section string) {
	t.Helper()
	for _, c := range pages.Commands(t, page, section) {
		admin.paste(t, c)
	}
}

// onceJudged fails the test if a job was stored as it was submitted after another had been judged or refused: that is
// right only before the webhook is configured.
func onceJudged(t *testing.T, answers []answer) {
	t.Helper()
	for i, got := range answers {
		if got == stored && i > 0 {
			t.Errorf("the answers are %v", answers)
		}
	}
	if answers[len(answers)-1] != judged {
		t.Errorf("the answers are %v", answers)
	}
}

// newField is a value of a field of Projects that the older CRD does not have.
const newField = "2099-12-31"

// setNewField sets the field in the project spare, and reports whether the API server kept it.
func setNewField(t *testing.T) bool {
	t.Helper()
	suite.Kubectl(t, product.User, "", "patch", "project", "spare", "--type=merge", `--patch={"spec":{"warnOnlyUntil":"`+newField+`"}}`)
	return hasNewField(t)
}

func hasNewField(t *testing.T) bool {
	t.Helper()
	return suite.Kubectl(t, product.User, "", "get", "project", "spare", "-o", "jsonpath={.spec.warnOnlyUntil}") == newField
}
