package operator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/operatortests"
)

// project has the namespaces that the tests create with the webhook.
const project = "operator-tests"

// The operator's own tests of Open MPI pass in the namespaces of a project. With -page, all of its tests run, with the
// webhook and without.
func TestOperatorsOwn(t *testing.T) {
	tests := prepare(t)
	if *page != "" {
		compare(t, tests)
		return
	}
	for _, name := range tests {
		if strings.Contains(name, "MPICH") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if r := run(t, name, true); !r.Passed {
				t.Error(r.Output)
			}
		})
	}
}

// prepare deploys the operator, gives the namespaces of the tests to a project, and returns the names of the tests.
// It skips the test on machines that cannot run a node.
func prepare(t *testing.T) (tests []string) {
	t.Helper()
	lab.Require(t)
	product.AddProject(t, project, v1alpha1.ProjectSpec{})
	if err := operatortests.DeployOperator(t.Context(), product.Env, product.Client); err != nil {
		t.Fatal(err)
	}
	if err := operatortests.GiveNamespaces(t.Context(), product.Env, product.Client, project); err != nil {
		t.Fatal(err)
	}
	tests, err := operatortests.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

// attempts is how often a test may lose a race that it runs with the operator: one that updates a job as it created it.
const attempts = 5

// run runs one test of the operator.
func run(t *testing.T, name string, withWebhook bool) operatortests.Run {
	t.Helper()
	for attempt := 1; ; attempt++ {
		r := runOnce(t, name, withWebhook)
		t.Logf("webhook: %t, passed: %t, requests: %d, started: %v, end: %.1fs",
			withWebhook, r.Passed, r.Requests, r.Containers, r.End.Seconds())
		if attempt == attempts || !strings.Contains(r.Output, "the object has been modified") {
			return r
		}
	}
}

// runs counts the runs: each has a user of its own, so that the audit log tells them apart.
var runs int

// runOnce runs a test, and waits until its pods are gone.
func runOnce(t *testing.T, name string, withWebhook bool) operatortests.Run {
	t.Helper()
	runs++
	username, groups := fmt.Sprintf("%s-%d", project, runs), []string{"system:masters"}
	if withWebhook {
		groups = append(groups, operatortests.Members)
	}
	user, err := product.AddUser(username, groups...)
	if err != nil {
		t.Fatal(err)
	}
	result, err := operatortests.RunTest(t.Context(), user, name)
	if err != nil {
		t.Fatal(err)
	}
	times, err := operatortests.TimesOf(product.AuditLog(), username)
	if err != nil {
		t.Fatalf("%s: %s", err, result.Output)
	}
	if err := operatortests.RemovePods(t.Context(), product.Client); err != nil {
		t.Fatal(err)
	}
	if err := operatortests.WaitForOperator(t.Context(), product.Client); err != nil {
		t.Fatal(err)
	}
	return operatortests.Run{Result: result, Times: times}
}
