package runnable_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/klog/v2"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/test/oracle/perturbed"
	"github.com/runai-mpi/runai-mpi/test/oracle/runnable"
)

func newOperator(tb testing.TB) *runnable.Operator {
	tb.Helper()
	klog.LogToStderr(false)
	operator, err := runnable.NewOperator(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return operator
}

// A job is refused if and only if the API server would refuse its templates or what the operator makes from them.
func FuzzPods(f *testing.F) {
	operator := newOperator(f)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 40 {
			return
		}
		compare(t, operator, perturbed.New(data))
	})
}

func compare(t *testing.T, operator *runnable.Operator, job *v2beta1.MPIJob) {
	t.Helper()
	reasons := mpijob.Validate(job)
	if len(job.Spec.MPIReplicaSpecs["Launcher"].Template.Spec.Containers) == 0 ||
		len(job.Spec.MPIReplicaSpecs["Worker"].Template.Spec.Containers) == 0 {
		return // the operator would crash
	}
	switch refusals := operator.Refusals(job, len(reasons) > 0); {
	case len(reasons) == 0 && len(refusals) > 0:
		t.Errorf("admitted, and cannot run:\n%s", strings.Join(refusals, "\n"))
	case len(reasons) > 0 && len(refusals) == 0 && !onlyOperator(reasons.ToAggregate().Error()):
		t.Errorf("refused, and can run:\n%s", reasons.ToAggregate())
	}
}

// onlyOperator reports whether the reasons are rules of the operator, which the API server does not have.
func onlyOperator(reasons string) bool {
	return !strings.Contains(reasons, ".template.") && !strings.Contains(reasons, "sshAuthMountPath")
}

func TestBasesAreAccepted(t *testing.T) {
	operator := newOperator(t)
	for i, job := range perturbed.Bases() {
		for _, err := range mpijob.Validate(job) {
			t.Errorf("%d: %s", i, err)
		}
		for _, refusal := range operator.Refusals(job, true) {
			t.Errorf("%d: %s", i, refusal)
		}
	}
}

func TestRandomPods(t *testing.T) {
	operator := newOperator(t)
	admitted := 0
	const jobs = 4000
	for seed := range int64(jobs) {
		data := make([]byte, 1+seed%16)
		rand.New(rand.NewSource(seed)).Read(data)
		job := perturbed.New(data)
		if len(mpijob.Validate(job)) == 0 {
			admitted++
		}
		compare(t, operator, job)
	}
	t.Logf("%d of %d jobs are admitted", admitted, jobs)
	if admitted < jobs/5 || admitted > jobs*4/5 {
		t.Errorf("%d of %d jobs are admitted", admitted, jobs)
	}
}
