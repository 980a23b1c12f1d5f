package review

import (
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func TestSteering(t *testing.T) {
	workers := func(n int32) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas = &n }
	}
	launchers := func(n int32) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Replicas = &n }
	}
	named := func(name string) func(*v2beta1.MPIJob) { return func(job *v2beta1.MPIJob) { job.Name = name } }
	suspended := func(job *v2beta1.MPIJob) { suspend := true; job.Spec.RunPolicy.Suspend = &suspend }
	backoff := func(n int32) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { job.Spec.RunPolicy.BackoffLimit = &n }
	}
	together := func(n int32) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			job.Spec.RunPolicy.SchedulingPolicy = &v2beta1.SchedulingPolicy{MinAvailable: &n}
		}
	}
	tolerating := func(keys ...string) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			spec := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.Spec
			spec.Tolerations = nil
			for _, key := range keys {
				spec.Tolerations = append(spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists})
			}
		}
	}
	long := named(strings.Repeat("n", 30))
	nothing := func(*v2beta1.MPIJob) {}
	for _, test := range []struct {
		name           string
		stored, change func(*v2beta1.MPIJob)
		want           string
	}{
		{"more workers", nothing, workers(100), ""},
		{"the largest number", nothing, workers(10_000), ""},
		{"more than the policy allows", nothing, workers(10_001), "must be at most 10000 on this cluster"},
		{"2147483647", nothing, workers(1<<31 - 1), "must be at most 10000 on this cluster"},
		{"as many hosts as fit", long, workers(5_388), ""},
		{"more hosts than fit", long, workers(5_389), "must be at most 5388: the names of more hosts do not fit"},
		{"a negative number", nothing, workers(-1), "must be at least 1"},
		{"none", nothing, workers(0), "must be at least 1"},
		{"no number", nothing, func(job *v2beta1.MPIJob) { job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas = nil }, "set it to 1 or more"},
		{"five launchers", nothing, launchers(5), "spec.mpiReplicaSpecs[Launcher].replicas: Invalid value: 5: must be 1"},
		{"a longer host name", named(strings.Repeat("n", 54)), workers(11), "makes the host name of the last worker too long"},
		{"a negative limit", nothing, backoff(-1), "spec.runPolicy.backoffLimit"},
		{"some pods together", nothing, together(2), ""},
		{"too many pods together", nothing, together(10_002), "must be from 0 to 10001"},
		{"suspension of a job that is too large today", workers(20_000), suspended, ""},
		{"a smaller number that is still too large", workers(20_000), workers(15_000), "must be at most 10000"},
		{"a toleration", nothing, tolerating("example.com/a"), ""},
		{"a toleration that the API server refuses", nothing, tolerating("a b"), "tolerations[0].key"},
		{"suspension of a job whose pods the API server refuses", tolerating("a b"), suspended, ""},
		{"another toleration before one that the API server refuses", tolerating("a b"), tolerating("a", "a b"), ""},
		{"a number that fits again", workers(20_000), workers(2), ""},
		{"suspension of a job without workers", workers(0), suspended, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			stored := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj()
			test.stored(stored)
			updated := stored.DeepCopy()
			test.change(updated)
			verdict := Reviewer{Cluster: config.Default()}.ClassifyUpdate(stored, updated)
			said := ""
			for _, err := range verdict.Reasons {
				said += err.Error() + "\n"
			}
			if (verdict.Class == Steers) != (test.want == "") || !strings.Contains(said, test.want) || strings.Count(said, "\n") > 1 {
				t.Errorf("got %d, %s", verdict.Class, said)
			}
		})
	}
}
