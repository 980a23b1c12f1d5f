package state

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func limits(name, quantity string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceName(name): resource.MustParse(quantity)}}
}

// GPUs are counted however they are requested. The job has four workers. Two of them and the launcher have a node.
func TestGPUs(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	worker := func(job *v2beta1.MPIJob) *corev1.PodTemplateSpec {
		return &job.Spec.MPIReplicaSpecs[mpijob.Worker].Template
	}
	launcher := func(job *v2beta1.MPIJob) *corev1.PodTemplateSpec {
		return &job.Spec.MPIReplicaSpecs[mpijob.Launcher].Template
	}
	intent := func(pairs ...string) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			job.Annotations = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				job.Annotations[pairs[i]] = pairs[i+1]
			}
		}
	}
	onWorker := func(pairs ...string) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			worker(job).Annotations = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				worker(job).Annotations[pairs[i]] = pairs[i+1]
			}
		}
	}
	of := func(name, quantity string) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { worker(job).Spec.Containers[0].Resources = limits(name, quantity) }
	}
	all := func(changes ...func(*v2beta1.MPIJob)) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			for _, change := range changes {
				change(job)
			}
		}
	}
	works := func(job *v2beta1.MPIJob) {
		yes := true
		job.Spec.RunLauncherAsWorker = &yes
	}
	for _, test := range []struct {
		name                 string
		job                  func(*v2beta1.MPIJob)
		each, total, columns string
	}{
		{"none", func(*v2beta1.MPIJob) {}, "0", "0", "0 (0)"},
		{"the intent", intent(annotations.GPUKey, "2"), "2", "8", "4 (8)"},
		{"the intent of none", intent(annotations.GPUKey, "0"), "0", "0", "0 (0)"},
		{"the intent as it was admitted", all(intent(annotations.GPUKey, "2"), of("nvidia.com/gpu", "2")), "2", "8", "4 (8)"},
		{"a fraction", intent(annotations.GPUKey, "0.1"), "0.1", "0.4", "0.2 (0.4)"},
		{"a fraction as it was admitted", all(intent(annotations.GPUKey, "0.5"), onWorker("gpu-fraction", "0.5")), "0.5", "2", "1 (2)"},
		{"a fraction of devices", all(intent(annotations.GPUKey, "0.5", annotations.GPUDevicesKey, "2"),
			onWorker("gpu-fraction", "0.5", "gpu-fraction-num-devices", "2")), "1", "4", "2 (4)"},
		{"devices that are not admitted yet", intent(annotations.GPUKey, "0.5", annotations.GPUDevicesKey, "2"), "1", "4", "2 (4)"},
		{"memory", intent(annotations.GPUMemoryKey, "2G"), "2G", "2G x 4", "2G x 2 (2G x 4)"},
		{"memory as it was admitted", all(intent(annotations.GPUMemoryKey, "2G"), onWorker("gpu-memory", "1908")), "2G", "2G x 4", "2G x 2 (2G x 4)"},
		{"memory of devices", all(intent(annotations.GPUMemoryKey, "2G", annotations.GPUDevicesKey, "2"),
			onWorker("gpu-memory", "1908", "gpu-fraction-num-devices", "2")), "2G x 2", "2G x 8", "2G x 4 (2G x 8)"},
		{"the author's fraction", onWorker("gpu-fraction", "5e-1"), "0.5", "2", "1 (2)"},
		{"the author's memory", onWorker("gpu-memory", "2048"), "2Gi", "2Gi x 4", "2Gi x 2 (2Gi x 4)"},
		{"the author's devices", onWorker("gpu-fraction", "0.25", "gpu-fraction-num-devices", "4"), "1", "4", "2 (4)"},
		{"what nobody can read", onWorker("gpu-fraction", "half", "gpu-memory", "2G"), "0", "0", "0 (0)"},
		{"a limit", of("nvidia.com/gpu", "2"), "2", "8", "4 (8)"},
		{"a fraction as a limit", of("nvidia.com/gpu", "250m"), "0.25", "1", "0.5 (1)"},
		{"only a request", func(job *v2beta1.MPIJob) {
			worker(job).Spec.Containers[0].Resources.Requests = limits("nvidia.com/gpu", "2").Limits
		}, "2", "8", "4 (8)"},
		{"another vendor's", of("amd.com/gpu", "8"), "8", "32", "16 (32)"},
		{"slices", of("nvidia.com/mig-1g.5gb", "2"), "mig-1g.5gb x 2", "mig-1g.5gb x 8", "mig-1g.5gb x 4 (mig-1g.5gb x 8)"},
		{"a name that only the cluster knows", all(intent(annotations.GPUKey, "2"), of("example.com/accelerator", "2")), "2", "8", "4 (8)"},
		{"several containers", all(of("nvidia.com/gpu", "2"), func(job *v2beta1.MPIJob) {
			spec := &worker(job).Spec
			spec.Containers = append(spec.Containers, corev1.Container{Name: "side", Resources: limits("nvidia.com/gpu", "1")})
			spec.InitContainers = []corev1.Container{{Name: "init", Resources: limits("nvidia.com/gpu", "2")},
				{Name: "sidecar", RestartPolicy: &always, Resources: limits("nvidia.com/gpu", "1")}}
		}), "4", "16", "8 (16)"},
		{"a launcher that works", all(intent(annotations.GPUKey, "2"), of("nvidia.com/gpu", "2"), works, func(job *v2beta1.MPIJob) {
			launcher(job).Spec.Containers[0].Resources = limits("nvidia.com/gpu", "2")
		}), "2", "10", "6 (10)"},
		{"a launcher that works, not admitted", all(intent(annotations.GPUKey, "2"), works), "2", "10", "6 (10)"},
		{"a launcher with whole GPUs", all(onWorker("gpu-memory", "2048"), func(job *v2beta1.MPIJob) {
			launcher(job).Spec.Containers[0].Resources = limits("nvidia.com/gpu", "1")
		}), "2Gi", "1 + 2Gi x 4", "1 + 2Gi x 2 (1 + 2Gi x 4)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("dist1", "runai-a").Workers(4).Obj()
			test.job(job)
			bound := func(p *corev1.Pod) { p.Spec.NodeName = "n1" }
			s := New(job, []corev1.Pod{
				pod("l", "launcher", bound), pod("w0", "worker", bound), pod("w1", "worker", bound), pod("w2", "worker", nil), pod("w3", "worker", nil),
			})
			if got := s.gpusPer(mpijob.Worker).String(); got != test.each {
				t.Errorf("each worker: %s, want %s", got, test.each)
			}
			if got := s.requestedGPUs().String(); got != test.total {
				t.Errorf("all: %s, want %s", got, test.total)
			}
			if got := s.gpus(); got != test.columns {
				t.Errorf("the table: %s, want %s", got, test.columns)
			}
		})
	}
}
