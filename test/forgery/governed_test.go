package forgery

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func schedulingPolicyOf(job *v2beta1.MPIJob) *v2beta1.SchedulingPolicy {
	if job.Spec.RunPolicy.SchedulingPolicy == nil {
		job.Spec.RunPolicy.SchedulingPolicy = &v2beta1.SchedulingPolicy{}
	}
	return job.Spec.RunPolicy.SchedulingPolicy
}

func workerAnnotation(key, value string) func(*v2beta1.MPIJob) {
	return func(job *v2beta1.MPIJob) {
		metav1.SetMetaDataAnnotation(&job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.ObjectMeta, key, value)
	}
}

// update tries changes of two stored jobs, as their owner, a colleague and a queue.
func update(t *testing.T, project string, changes []attempt) {
	t.Helper()
	namespace := product.AddProject(t, project, required)
	jobs := ownedJobs(t, namespace)
	for _, user := range []struct {
		name string
		as   client.Client
	}{
		{"the owner", login(t, broker, alices)}, {"a colleague", login(t, broker, bobs)},
		{"a queue", serviceAccount(t, "kueue-system", "kueue-controller-manager")},
	} {
		for _, name := range jobs {
			for _, a := range changes {
				answer := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
					job := product.Job(t, namespace, name)
					a.change(job)
					return user.as.Update(t.Context(), job)
				})
				isRefused(t, user.name+": "+a.name+" of the "+name+" job", answer, "cannot be changed after submission")
			}
		}
	}
}

// A user moves a stored job to another queue, or to the front of it.
func TestT35QueueOfAStoredJob(t *testing.T) {
	update(t, "t35", []attempt{
		{"the queue of the run policy", func(job *v2beta1.MPIJob) { schedulingPolicyOf(job).Queue = "another" }, ""},
		{"the queue of the run policy, even their own", func(job *v2beta1.MPIJob) { schedulingPolicyOf(job).Queue = "t35" }, ""},
		{"the priority class of the run policy", func(job *v2beta1.MPIJob) { schedulingPolicyOf(job).PriorityClass = "high" }, ""},
		{"both, and what steers", func(job *v2beta1.MPIJob) {
			least := int32(1)
			policy := schedulingPolicyOf(job)
			policy.MinAvailable, policy.Queue, policy.PriorityClass = &least, "another", "high"
		}, ""},
		{"the queue label", func(job *v2beta1.MPIJob) { metav1.SetMetaDataLabel(&job.ObjectMeta, "kai.scheduler/queue", "another") }, ""},
		{"the queue label of the pods", func(job *v2beta1.MPIJob) {
			template := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template
			metav1.SetMetaDataLabel(&template.ObjectMeta, "kai.scheduler/queue", "another")
		}, ""},
		{"the priority of interactive jobs", func(job *v2beta1.MPIJob) {
			metav1.SetMetaDataLabel(&job.ObjectMeta, "priorityClassName", "build")
		}, ""},
	})
	namespace := product.AddProject(t, "t35-gang", required)
	alice, least := login(t, broker, alices), int32(1)
	suite.Create(t, alice, mpijobtest.MakeMPIJob("gang", namespace).Obj())
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
		job := product.Job(t, namespace, "gang")
		schedulingPolicyOf(job).MinAvailable = &least
		return alice.Update(t.Context(), job)
	}); err != nil {
		t.Errorf("minAvailable steers a job: %s", err)
	}
}

// A user gives a stored job GPUs through the annotations that the KAI scheduler reads on pods.
func TestT36GPUsOfAStoredJob(t *testing.T) {
	update(t, "t36", []attempt{
		{"a fraction", workerAnnotation("gpu-fraction", "0.9"), ""},
		{"memory", workerAnnotation("gpu-memory", "80000"), ""},
		{"several devices", workerAnnotation("gpu-fraction-num-devices", "8"), ""},
		{"another container", workerAnnotation("gpu-fraction-container-name", "sidecar"), ""},
		{"memory of a container", workerAnnotation("nvidia.com/container.mpi.gpu-memory.request", "80Gi"), ""},
		{"more than its fraction", workerAnnotation("kai.scheduler/container.mpi.gpu-memory.portion.limit", "0.9"), ""},
		{"sharing of a device", workerAnnotation("mps", "true"), ""},
		{"whole ones", inWorker(func(spec *corev1.PodSpec) {
			spec.Containers[0].Resources.Limits = corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("8")}
		}), ""},
	})
}
