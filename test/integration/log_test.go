package integration

import (
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// logSays waits until the log of a process has every part.
func logSays(t *testing.T, process string, parts ...string) {
	t.Helper()
	suite.Eventually(t, "the log of "+process, suite.Soon, func() error {
		text, err := os.ReadFile(product.LogFile(process))
		if err != nil {
			t.Fatal(err)
		}
		return suite.Says(string(text), parts...)
	})
}

// A refused job is one line in the log, which says whose it is and why.
func TestRefusalsAreLogged(t *testing.T) {
	namespace := product.AddProject(t, "log-of-refusals", v1alpha1.ProjectSpec{})
	job := mpijobtest.MakeMPIJob("refused-and-logged", namespace).Annotation(annotations.LargeShmKey, "much").Obj()
	if err := product.Client.Create(t.Context(), job); err == nil {
		t.Fatal("the job was admitted")
	}
	logSays(t, "runai-webhook",
		`level=INFO msg=refused webhook=mutate operation=CREATE namespace=`+namespace+` name=refused-and-logged user=`,
		`code=422 reasons="metadata.annotations[run.ai/large-shm]: Invalid value: `)
}

// A replica that may list nothing, or finds no CRDs, says so in its log.
func TestWhyReplicaIsNotReady(t *testing.T) {
	user, err := product.AddUser("nobody")
	if err != nil {
		t.Fatal(err)
	}
	product.StartReplica(t, install.ReplicaOptions{Name: "forbidden", Kubeconfig: user.Kubeconfig(), Unready: true})
	logSays(t, "forbidden", `level=WARN msg="not ready: waiting for the API server" for=Projects reason="not permitted to list them: `,
		`projects.policy.run.ai is forbidden: User \"nobody\" cannot list resource \"projects\" in API group \"policy.run.ai\" `,
		`for=Namespaces reason="not permitted`, `for=PosixIdentities reason="not permitted`, `for="the MPIJob CRD" reason="not permitted`)
}
