package forgery

import (
	"math"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func replicas(role v2beta1.MPIReplicaType, n int32) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) { job.Spec.MPIReplicaSpecs[role].Replicas = &n }
}

func together(n int32) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		job.Spec.RunPolicy.SchedulingPolicy = &v2beta1.SchedulingPolicy{MinAvailable: &n}
	}
}

// suspended returns a job whose pods nobody creates.
func suspended(name, namespace string) *v2beta1.MPIJob {
	yes := true
	job := mpijobtest.MakeMPIJob(name, namespace).Obj()
	job.Spec.RunPolicy.Suspend = &yes
	return job
}

// A job asks for numbers that the operator dies of, or can never start: on creation, and on update.
func TestT37TooManyWorkers(t *testing.T) {
	namespace, alice := product.AddProject(t, "t37", v1alpha1.ProjectSpec{}), login(t, broker, alices)
	numbers := []attempt{
		{"the largest number", replicas(mpijob.Worker, math.MaxInt32), "must be at most 10000 on this cluster"},
		{"one too many", replicas(mpijob.Worker, 10_001), "must be at most 10000 on this cluster"},
		{"a negative number", replicas(mpijob.Worker, -1), "must be at least 1"},
		{"none", replicas(mpijob.Worker, 0), "must be at least 1"},
		{"five launchers", replicas(mpijob.Launcher, 5), "must be 1"},
		{"no launcher", replicas(mpijob.Launcher, 0), "must be 1"},
		{"a negative number of pods together", together(-1), "must be from 0 to 10001"},
		{"too many pods together", together(math.MaxInt32), "must be from 0 to 10001"},
	}
	job := suspended("job", namespace)
	refusedOnCreationAndUpdate(t, alice, job, numbers)
	if err := retried(t, alice, job, replicas(mpijob.Worker, 3)); err != nil {
		t.Errorf("three workers: %s", err)
	}
}

// A job with long names has more hosts than the operator's ConfigMap can list.
func TestT37TooManyHosts(t *testing.T) {
	namespace, alice := product.AddProject(t, "t37-"+strings.Repeat("s", 40), v1alpha1.ProjectSpec{}), login(t, broker, alices)
	job := suspended(strings.Repeat("n", 40), namespace)
	most := mpijob.MostWorkers(job)
	refusedOnCreationAndUpdate(t, alice, job, []attempt{
		{"one host too many", replicas(mpijob.Worker, most+1), "names of more hosts do not fit"},
	})
	if err := retried(t, alice, job, replicas(mpijob.Worker, most)); err != nil {
		t.Errorf("%d workers: %s", most, err)
	}
}

// A stored job with more workers than the policy allows today can still be suspended.
func TestT37StricterPolicy(t *testing.T) {
	namespace, alice := product.AddProject(t, "t37-stricter", v1alpha1.ProjectSpec{}), login(t, broker, alices)
	job := suspended("job", namespace)
	replicas(mpijob.Worker, 5)(job)
	suite.Create(t, alice, job)
	product.Upgrade(t, "--set", "policy.workers.max=3")
	resume := func(job *v2beta1.MPIJob) { no := false; job.Spec.RunPolicy.Suspend = &no }
	if err := retried(t, alice, job, resume); err != nil {
		t.Errorf("resumed: %s", err)
	}
	isRefused(t, "fewer, but too many", retried(t, alice, job, replicas(mpijob.Worker, 4)), "must be at most 3 on this cluster")
}

func refusedOnCreationAndUpdate(t *testing.T, user client.Client, job *v2beta1.MPIJob, attempts []attempt) {
	t.Helper()
	for _, a := range attempts {
		created := job.DeepCopy()
		a.change(created)
		isRefused(t, a.name+", created", user.Create(t.Context(), created), a.reason)
	}
	suite.Create(t, user, job.DeepCopy())
	for _, a := range attempts {
		isRefused(t, a.name+", updated", retried(t, user, job, a.change), a.reason)
	}
}

// retried changes a stored job, which the operator may change at the same time.
func retried(t *testing.T, user client.Client, job *v2beta1.MPIJob, change func(*v2beta1.MPIJob)) error {
	t.Helper()
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		stored := product.Job(t, job.Namespace, job.Name)
		change(stored)
		return user.Update(t.Context(), stored)
	})
}
