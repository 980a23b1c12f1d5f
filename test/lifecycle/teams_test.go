package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	projectNamespace = "runai-team-a"
	elsewhere        = "elsewhere"
)

// teams are what administrators created with kubectl. The project spare has no jobs.
const teams = `kubectl apply -f - <<END
apiVersion: policy.run.ai/v1alpha1
kind: Project
metadata: {name: team-a}
spec: {identity: Required}
---
apiVersion: policy.run.ai/v1alpha1
kind: Project
metadata: {name: spare}
---
apiVersion: policy.run.ai/v1alpha1
kind: PosixIdentity
metadata: {name: first}
spec: {subject: admin, uid: 1001, gid: 2001}
---
apiVersion: v1
kind: Namespace
metadata: {name: runai-team-a, labels: {runai/queue: team-a}}
END
kubectl create namespace elsewhere
`

const removeTeams = "kubectl delete namespace --ignore-not-found runai-team-a elsewhere\n"

// runJob submits a job that runs until it is deleted, as its submitter, and waits until its ranks run.
func runJob(t *testing.T) {
	t.Helper()
	suite.Eventually(t, "a job is submitted", suite.Soon, func() error {
		// The webhook learns of a namespace only a moment after it exists; runai itself tries again where that helps.
		_, stderr, code := product.Runai(t, "submit-mpi", "steady", "-p", "team-a", "--run-as-user", "--processes=2",
			"-i", images.OpenMPI4, "--image-pull-policy=Never", "--", "mpirun", "sh", "-c", "id -u; sleep 10000")
		if code != 0 {
			return fmt.Errorf("runai: %s", stderr)
		}
		return nil
	})
	suite.Eventually(t, "its ranks run", suite.Soon*2, func() error {
		stdout, _, err := product.Kubectl(t.Context(), nil, "logs", "-n", projectNamespace, "job/steady-launcher")
		if err == nil && !strings.HasSuffix(stdout, "1001\n1001\n") { // after warnings of mpirun
			err = fmt.Errorf("its ranks print %q", stdout)
		}
		return err
	})
}

// What must survive has the UIDs of the teams' objects, the specs of Projects and identities, and how often the
// containers of the job started again.
func whatMustSurvive(t *testing.T) []string {
	t.Helper()
	var all []string
	for o, uid := range takeInventory(t) {
		mine := o.namespace == projectNamespace || o.namespace == elsewhere || o.resource == "namespaces"
		if mine || o.resource == "projects" || o.resource == "posixidentities" {
			all = append(all, o.String()+" "+uid)
		}
	}
	slices.Sort(all)
	return append(all,
		suite.Kubectl(t, product.User, "", "get", "posixidentities", "-o", "jsonpath={.items[*].spec}"),
		suite.Kubectl(t, product.User, "", "get", "project", "team-a", "-o", "jsonpath={.spec}"),
		suite.Kubectl(t, product.User, "", "get", "pods", "-n", projectNamespace, "-o",
			`jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.status.containerStatuses[*].restartCount}{"\n"}{end}`))
}

// survived fails the test if something that must survive is not as it was.
func survived(t *testing.T, step string, before []string) {
	t.Helper()
	now := whatMustSurvive(t)
	lost := map[string]bool{}
	for _, line := range before {
		if !slices.Contains(now, line) {
			lost[line] = true
		}
	}
	if len(lost) > 0 {
		t.Errorf("%s changed\n%s\nnow\n%s", step, strings.Join(slices.Sorted(maps.Keys(lost)), "\n"), strings.Join(now, "\n"))
	}
}
