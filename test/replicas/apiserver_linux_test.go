package replicas

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// While the API server restarts, nobody listens, and then it refuses everybody until it has read the roles. People who
// submit jobs meanwhile need not do it again, and get one job for each submission.
func TestAPIServerRestarts(t *testing.T) {
	namespace, _, _ := two(t, "restarts", 0)
	alice, err := product.AddUser("alice-restarts")
	if err != nil {
		t.Fatal(err)
	}
	suite.Kubectl(t, product.User, "", "create", "role", "submitter", "-n", namespace,
		"--verb=get,list,create,delete", "--resource=mpijobs.kubeflow.org")
	suite.Kubectl(t, product.User, "", "create", "rolebinding", "alice", "-n", namespace, "--role=submitter", "--user=alice-restarts")
	var submissions sync.WaitGroup
	submit := func(name ...string) {
		submissions.Go(func() {
			words := append([]string{"submit-mpi", "-n", namespace, "-i", "example/train", "-o", "name"}, name...)
			stdout, stderr, code, err := product.RunRunai(t.Context(), alice.Kubeconfig(), words...)
			if err != nil || code != 0 || strings.Count(stdout, "\n") != 1 {
				t.Errorf("%v: %v, exit code %d: %s%s", name, err, code, stdout, stderr)
			}
		})
	}
	submit()
	submissions.Wait()
	restarted := make(chan error, 1)
	go func() {
		restarted <- errors.Join(product.KillAPIServer(), product.RestartAPIServer(t.Context()))
	}()
	want := 1
	for isDown := true; isDown; want++ {
		if want%2 == 0 {
			submit() // with a generated name
		} else {
			submit("--name", fmt.Sprint("named-", want))
		}
		select {
		case err := <-restarted:
			if err != nil {
				t.Fatal(err)
			}
			isDown = false
		case <-time.After(200 * time.Millisecond):
		}
	}
	submissions.Wait()
	var jobs v2beta1.MPIJobList
	if err := product.Client.List(t.Context(), &jobs, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	if len(jobs.Items) != want {
		t.Errorf("%d jobs after %d submissions", len(jobs.Items), want)
	}
}
