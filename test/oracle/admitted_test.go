package oracle

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/test/oracle/randomjob"
)

// A fuzz test proves nothing if every job is refused.
func TestManyAreAdmitted(t *testing.T) {
	const jobs = 4000
	admitted, seen := 0, map[string]int{}
	for seed := range int64(jobs) {
		data := make([]byte, seed%100)
		rand.New(rand.NewSource(seed)).Read(data)
		job := randomjob.New(data)
		if !admits(job.DeepCopy(), true) {
			continue
		}
		admitted++
		for name, has := range shapes {
			if has(job) {
				seen[name]++
			}
		}
	}
	t.Logf("%d of %d jobs are admitted: %v", admitted, jobs, seen)
	if admitted < jobs/5 {
		t.Errorf("only %d of %d jobs are admitted", admitted, jobs)
	}
	for name := range shapes {
		if seen[name] < 5 {
			t.Errorf("only %d of the admitted jobs have %s", seen[name], name)
		}
	}
}

// shapes must all occur among the admitted jobs.
var shapes = map[string]func(*v2beta1.MPIJob) bool{
	"several containers":           somePod(func(pod corev1.PodSpec) bool { return len(pod.Containers) > 2 }),
	"an init container":            somePod(func(pod corev1.PodSpec) bool { return len(pod.InitContainers) > 0 }),
	"a restartable init container": somePod(func(pod corev1.PodSpec) bool { return slices.ContainsFunc(pod.InitContainers, restarts) }),
	"several volumes":              somePod(func(pod corev1.PodSpec) bool { return len(pod.Volumes) > 1 }),
	"a mount":                      somePod(func(pod corev1.PodSpec) bool { return slices.ContainsFunc(pod.Containers, mounts) }),
	"a pod security context":       somePod(func(pod corev1.PodSpec) bool { return pod.SecurityContext != nil }),
	"a container security context": somePod(func(pod corev1.PodSpec) bool { return slices.ContainsFunc(pod.Containers, hasContext) }),
	"the host network":             somePod(func(pod corev1.PodSpec) bool { return pod.HostNetwork }),
	"an unknown role":              func(job *v2beta1.MPIJob) bool { return job.Spec.MPIReplicaSpecs["Zoo"] != nil },
	"a role without pods":          hasEmptyRole,
	"a stamp":                      func(job *v2beta1.MPIJob) bool { return job.Annotations[annotations.SubmittedByKey] != "" },
	"code from git":                func(job *v2beta1.MPIJob) bool { return job.Annotations[annotations.GitSyncKey] != "" },
	"a launcher that is a worker":  func(job *v2beta1.MPIJob) bool { return is(job.Spec.RunLauncherAsWorker, true) },
}

func somePod(has func(corev1.PodSpec) bool) func(*v2beta1.MPIJob) bool {
	return func(job *v2beta1.MPIJob) bool {
		for _, spec := range job.Spec.MPIReplicaSpecs {
			if spec != nil && has(spec.Template.Spec) {
				return true
			}
		}
		return false
	}
}

func restarts(container corev1.Container) bool {
	return is(container.RestartPolicy, corev1.ContainerRestartPolicyAlways)
}
func mounts(container corev1.Container) bool     { return len(container.VolumeMounts) > 0 }
func hasContext(container corev1.Container) bool { return container.SecurityContext != nil }

func hasEmptyRole(job *v2beta1.MPIJob) bool {
	for _, spec := range job.Spec.MPIReplicaSpecs {
		if spec == nil {
			return true
		}
	}
	return false
}
