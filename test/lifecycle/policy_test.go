package lifecycle

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/pages"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	upgrade = "helm upgrade runai-mpi charts/runai-mpi --namespace runai-system -f values.yaml --wait"
	// wrong has two mistakes that only the product finds, and the reasons are what it says about them.
	wrong = " --set policy.gpu.fractions=KAI --set policy.start.timeout=48h"
	// renamed has another label of projects, and the one from before.
	renamed = " --set policy.projectLabel=example.com/team --set formerProjectLabels={runai/queue}"
	// fails lets a shell go on after a command that must fail.
	fails = " && echo 'this must fail'; true\n"
)

var reasons = []string{
	"gpu.fractions KAI needs the KAI scheduler: set its name, for example kai-scheduler, or set gpu.fractions to None",
	"must be at least start.timeout",
}

// A wrong cluster policy never becomes active, however it gets into the cluster, and the administrator reads why. All
// jobs are judged meanwhile.
func TestWrongPolicy(t *testing.T) {
	lab.Require(t)
	startCertManager(t)
	deployOperator(t)
	before := takeInventory(t)
	admin := newShell(t)
	admin.run(t, removeTeams)
	if err := product.Release.PushImage(t.Context(), olderTag); err != nil {
		t.Fatal(err)
	}
	pasteAll(t, admin, "install.md", "4. Write your values")
	pasteAll(t, admin, "install.md", "5. Install the chart")
	admin.run(t, `for name in elsewhere former renamed; do kubectl create namespace $name; done
kubectl label namespace former runai/queue=team-a
kubectl label namespace renamed example.com/team=team-a
`)
	tr := startTraffic(t, projectNamespace, elsewhere, "former")
	tr.untilJudged(t)

	tr.alwaysJudged(t, "unknown key", func() {
		unchanged(t, func() { mustFail(t, admin, upgrade+" --set policy.gpu.fraction=KAI", "fraction", "not allowed") })
	})
	tr.alwaysJudged(t, "invalid cluster policy", func() {
		unchanged(t, func() { mustFail(t, admin, upgrade+wrong, reasons...) })
	})
	left := suite.Kubectl(t, product.User, "", "get", "jobs", "-n", chart.Namespace, "-o", "name")
	if left != "job.batch/runai-mpi-prepare\n" {
		t.Errorf("the Jobs in the webhook's namespace are %q", left)
	}
	old := replicas(t)
	tr.alwaysJudged(t, "invalid cluster policy, with --no-hooks", func() {
		mustFail(t, admin, upgrade+wrong+" --no-hooks --timeout 15s", "")
		saysWhy(t, admin)
	})
	// What reaches a killed replica fails until Kubernetes notices.
	if counts, _ := tr.during(t, "an old replica is killed meanwhile", func() { kill(t, old[0]) }); counts[projectNamespace][stored] > 0 {
		t.Errorf("creations in a project: %v", counts)
	}
	tr.alwaysJudged(t, "an old replica is deleted meanwhile", func() {
		if err := product.Client.Delete(t.Context(), &old[1]); err != nil {
			t.Fatal(err)
		}
		suite.Eventually(t, "another with the old policy serves", time.Minute, func() error {
			return ready(t, old[0].Annotations[policyAnnotation], old[1].Name)
		})
	})
	tr.alwaysJudged(t, "another projectLabel, without formerProjectLabels", func() {
		unchanged(t, func() {
			mustFail(t, admin, upgrade+" --set policy.projectLabel=example.com/team", "add it to formerProjectLabels")
		})
	})
	counts, _ := tr.during(t, "another projectLabel and an invalid cluster policy, with --no-hooks", func() {
		mustFail(t, admin, upgrade+wrong+renamed+" --no-hooks --timeout 15s", "")
		if got := submitOnce(t, "renamed"); got != not {
			t.Errorf("a job in a namespace with only the new label is %s: the old replicas do not know the label", got)
		}
	})
	if err := onlyAnswer(counts[projectNamespace], judged); err != nil {
		t.Errorf("creations in a namespace with both labels: %s: %v", err, counts)
	}
	// The entry for the former label has no CA bundle until cert-manager has written it.
	if former := counts["former"]; former[judged] == 0 || former[stored]+former[refused]+former[noAnswer] > 0 {
		t.Errorf("creations in a namespace with only the former label: %v", counts)
	}
	tr.alwaysJudged(t, "another projectLabel", func() { admin.run(t, upgrade+renamed+"\n") })
	if got := submitOnce(t, "renamed"); got != judged {
		t.Errorf("a job in a namespace with only the new label is %s", got)
	}
	tr.stop()
	pasteAll(t, admin, "uninstall.md", "Uninstall")
	pasteAll(t, admin, "uninstall.md", "Remove the rest")
	admin.run(t, "kubectl delete namespace elsewhere former renamed\n")
	nothingIsLeft(t, before)
}

// policyAnnotation has the cluster policy of a replica.
const policyAnnotation = "policy.run.ai/cluster-policy"

// mustFail runs a command of helm that must fail, and print all of these.
func mustFail(t *testing.T, admin *shell, command string, says ...string) {
	t.Helper()
	output := admin.run(t, command+fails)
	t.Log(output)
	if strings.Contains(output, "this must fail") {
		t.Errorf("%s did not fail", command)
	}
	if err := suite.Says(output, says...); err != nil {
		t.Errorf("%s: %s", command, err)
	}
}

// unchanged fails the test if something of the product in the cluster is changed.
func unchanged(t *testing.T, do func()) {
	t.Helper()
	state := func() string {
		const versions = `jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\n"}{end}`
		crds := suite.Kubectl(t, product.User, "", "get", "crds", "-o", versions)
		return crds + suite.Kubectl(t, product.User, "", "get", "-n", chart.Namespace, "-o", versions,
			"mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,clusterroles,deployments,pods",
			"-l", "app.kubernetes.io/name=runai-mpi")
	}
	before := state()
	do()
	if after := state(); after != before {
		t.Errorf("changed from\n%s\nto\n%s", before, after)
	}
}

// saysWhy fails the test unless the commands of the page say why a new replica does not start.
func saysWhy(t *testing.T, admin *shell) {
	t.Helper()
	suite.Eventually(t, "the page's commands say why", suite.Soon, func() error {
		for _, c := range pages.Commands(t, "upgrade.md", "If an upgrade fails") {
			for command := range strings.Lines(c.Text) { // each of them is enough
				if err := suite.Says(admin.run(t, command), reasons...); err != nil {
					return fmt.Errorf("%s: %w", command, err)
				}
			}
		}
		return nil
	})
}

// replicas returns the pods of the webhook.
func replicas(t *testing.T) []corev1.Pod {
	t.Helper()
	return product.Pods(t, chart.Namespace, client.MatchingLabels{"app.kubernetes.io/name": chart.Release})
}

// ready returns an error unless two replicas are ready that have this policy, without the one of this name.
func ready(t *testing.T, policy, without string) error {
	t.Helper()
	count := 0
	for _, pod := range replicas(t) {
		if pod.Annotations[policyAnnotation] == policy && pod.Name != without && isReady(&pod) {
			count++
		}
	}
	if count != 2 {
		return fmt.Errorf("%d replicas are ready", count)
	}
	return nil
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// kill kills the process of a replica, and waits until it serves again, with its own policy.
func kill(t *testing.T, replica corev1.Pod) {
	t.Helper()
	if err := product.Release.Lab.Signal(replica.UID, "/runai-webhook", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the killed replica serves again", time.Minute, func() error {
		for _, pod := range replicas(t) {
			if pod.Name == replica.Name && isReady(&pod) && pod.Status.ContainerStatuses[0].RestartCount > 0 {
				return nil
			}
		}
		return fmt.Errorf("%s is not ready", replica.Name)
	})
}
