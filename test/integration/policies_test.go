package integration

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/util/retry"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func TestScheduling(t *testing.T) {
	product.Upgrade(t, "--set", "policy.scheduling.schedulerName=team-scheduler",
		"--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name")
	namespace := product.AddProject(t, "scheduling", v1alpha1.ProjectSpec{Queue: "research"})
	job := mpijobtest.MakeMPIJob("gated", namespace).Workers(2).Gate(annotations.AdmissionGate).Gate("example.com/other").
		Annotation(annotations.InteractiveKey, "true").Obj()
	product.Create(t, job)
	if job.Labels["kueue.x-k8s.io/queue-name"] != "research" || job.Labels["priorityClassName"] != "build" {
		t.Errorf("the labels are %v", job.Labels)
	}
	for _, pod := range podsOf(t, job).all() {
		if diff := cmp.Diff([]corev1.PodSchedulingGate{{Name: "example.com/other"}}, pod.Spec.SchedulingGates); diff != "" {
			t.Errorf("gates of %s (-want +got):\n%s", pod.Name, diff)
		}
		if pod.Spec.SchedulerName != "team-scheduler" {
			t.Errorf("%s is scheduled by %s", pod.Name, pod.Spec.SchedulerName)
		}
	}
	if limit := job.Spec.RunPolicy.BackoffLimit; limit == nil || *limit != 0 {
		t.Errorf("backoffLimit is %v, want 0", limit)
	}
}

func TestNodeAffinity(t *testing.T) {
	namespace := product.AddProject(t, "affinity", dgx)
	for _, test := range []struct {
		name, key, value, want string
	}{
		{"train", "", "", "run.ai/type In dgx;"},
		{"interactive", annotations.InteractiveKey, "true", "run.ai/type In t4,v100;"},
		{"one-type", annotations.NodeTypeKey, "dgx", "run.ai/type In dgx;"},
	} {
		t.Run(test.name, func(t *testing.T) {
			builder := mpijobtest.MakeMPIJob(test.name, namespace)
			if test.key != "" {
				builder = builder.Annotation(test.key, test.value)
			}
			job := builder.Obj()
			product.Create(t, job)
			for _, pod := range podsOf(t, job).all() {
				if got := nodeTypes(pod); got != test.want {
					t.Errorf("%s: got %q, want %q", pod.Name, got, test.want)
				}
			}
		})
	}
}

// A project may let launchers run on any node, but not those that request GPUs.
func TestLauncherOnAnyNode(t *testing.T) {
	namespace := product.AddProject(t, "any-launcher", v1alpha1.ProjectSpec{
		NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}, Launcher: v1alpha1.LauncherAny},
	})
	free, greedy := mpijobtest.MakeMPIJob("free", namespace).Obj(), mpijobtest.MakeMPIJob("greedy", namespace).Obj()
	greedy.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{
		"nvidia.com/gpu": resource.MustParse("1"),
	}
	for job, want := range map[*v2beta1.MPIJob]string{free: "", greedy: "run.ai/type In dgx;"} {
		product.Create(t, job)
		pods := podsOf(t, job)
		if got := nodeTypes(pods.launcher); got != want {
			t.Errorf("%s: the launcher has %q, want %q", job.Name, got, want)
		}
		if got := nodeTypes(pods.workers[0]); got != "run.ai/type In dgx;" {
			t.Errorf("%s: the worker has %q", job.Name, got)
		}
	}
}

// A launcher gets explicit replicas, which no update removes: neither a manifest without them nor a patch.
func TestLauncherReplicas(t *testing.T) {
	namespace := product.AddProject(t, "launcher-replicas", v1alpha1.ProjectSpec{})
	lean := mpijobtest.MakeMPIJob("one", namespace).Obj()
	lean.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Replicas = nil
	product.Create(t, lean.DeepCopy())
	for what, update := range map[string]func(*v2beta1.MPIJob){
		"the manifest replaces the job": func(job *v2beta1.MPIJob) { job.Spec = *lean.Spec.DeepCopy() },
		"only the number is removed": func(job *v2beta1.MPIJob) {
			job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Replicas = nil
		},
	} {
		if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
			job := product.Job(t, namespace, "one")
			if launcher := job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher]; launcher.Replicas == nil || *launcher.Replicas != 1 {
				t.Fatalf("the launcher's replicas are %v", launcher.Replicas)
			}
			update(job)
			return product.Client.Update(t.Context(), job)
		}); err != nil {
			t.Errorf("%s: %s", what, err)
		}
	}
	if launcher := product.Job(t, namespace, "one").Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher]; launcher.Replicas == nil {
		t.Error("an update removed the launcher's replicas")
	}
}

func TestOwnAffinityIsKept(t *testing.T) {
	namespace := product.AddProject(t, "own-affinity", dgx)
	zone := corev1.NodeSelectorRequirement{Key: "zone", Operator: corev1.NodeSelectorOpIn, Values: []string{"z1"}}
	job := mpijobtest.MakeMPIJob("zoned", namespace).Both(func(template *corev1.PodTemplateSpec) {
		template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
				{MatchExpressions: []corev1.NodeSelectorRequirement{zone}},
			}},
		}}
	}).Obj()
	product.Create(t, job)
	for _, pod := range podsOf(t, job).all() {
		if got := nodeTypes(pod); got != "zone In z1;run.ai/type In dgx;" {
			t.Errorf("%s: got %q", pod.Name, got)
		}
	}
}

func TestWholeGPUs(t *testing.T) {
	namespace := product.AddProject(t, "gpus", v1alpha1.ProjectSpec{})
	job := mpijobtest.MakeMPIJob("two", namespace).Workers(2).Annotation(annotations.GPUKey, "2").Obj()
	product.Create(t, job)
	found := podsOf(t, job)
	for _, pod := range found.workers {
		if limit := pod.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]; limit.Cmp(resource.MustParse("2")) != 0 {
			t.Errorf("%s has %s GPUs", pod.Name, limit.String())
		}
	}
	if limits := found.launcher.Spec.Containers[0].Resources.Limits; len(limits) > 0 {
		t.Errorf("the launcher has limits %v", limits)
	}
}

func TestSharedGPU(t *testing.T) {
	product.Upgrade(t, "--set", "policy.scheduling.schedulerName=kai-scheduler", "--set", "policy.gpu.fractions=KAI")
	namespace := product.AddProject(t, "shared-gpu", v1alpha1.ProjectSpec{})
	for name, test := range map[string]struct {
		job        *v2beta1.MPIJob
		key, value string
	}{
		"fraction": {mpijobtest.MakeMPIJob("fraction", namespace).Annotation(annotations.GPUKey, "0.5").Obj(), "gpu-fraction", "0.5"},
		"memory":   {mpijobtest.MakeMPIJob("memory", namespace).Annotation(annotations.GPUMemoryKey, "1G").Obj(), "gpu-memory", "954"},
		"manifest": {mpijobtest.MakeMPIJob("manifest", namespace).Limit(v2beta1.MPIReplicaTypeWorker, "nvidia.com/gpu", "0.5").Obj(),
			"gpu-fraction", "0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			product.Create(t, test.job)
			found := podsOf(t, test.job)
			worker := found.workers[0]
			if got := worker.Annotations[test.key]; got != test.value {
				t.Errorf("annotation %s is %q, want %q", test.key, got, test.value)
			}
			if limit, present := worker.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]; present {
				t.Errorf("the worker has %s whole GPUs too", limit.String())
			}
			if got, present := found.launcher.Annotations[test.key]; present {
				t.Errorf("the launcher has %s=%s", test.key, got)
			}
			for _, pod := range found.all() {
				if pod.Spec.SchedulerName != "kai-scheduler" || pod.Labels["kai.scheduler/queue"] != "shared-gpu" {
					t.Errorf("%s: scheduler %s, queue %s", pod.Name, pod.Spec.SchedulerName, pod.Labels["kai.scheduler/queue"])
				}
			}
		})
	}
}

func TestLargeShm(t *testing.T) {
	namespace := product.AddProject(t, "shm", v1alpha1.ProjectSpec{})
	for _, test := range []struct {
		name, value, size string
	}{{"unbounded", "true", ""}, {"bounded", "8Gi", "8Gi"}} {
		t.Run(test.name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob(test.name, namespace).Annotation(annotations.LargeShmKey, test.value).Obj()
			product.Create(t, job)
			for _, pod := range podsOf(t, job).all() {
				source := mountedAt(pod, "/dev/shm")
				if source == nil || source.Medium != corev1.StorageMediumMemory {
					t.Fatalf("%s has %v at /dev/shm", pod.Name, source)
				}
				if size := source.SizeLimit; (test.size == "") != (size == nil) || size != nil && size.String() != test.size {
					t.Errorf("%s: the size is %v, want %q", pod.Name, size, test.size)
				}
			}
		})
	}
}

func mountedAt(pod corev1.Pod, path string) *corev1.EmptyDirVolumeSource {
	for _, mount := range pod.Spec.Containers[0].VolumeMounts {
		for _, volume := range pod.Spec.Volumes {
			if mount.MountPath == path && volume.Name == mount.Name {
				return volume.EmptyDir
			}
		}
	}
	return nil
}

func TestLauncherEnv(t *testing.T) {
	namespace := product.AddProject(t, "env", v1alpha1.ProjectSpec{})
	job := mpijobtest.MakeMPIJob("three", namespace).Workers(3).Annotation(annotations.ProjectKey, "env").Obj()
	product.Create(t, job)
	found := podsOf(t, job)
	env := envOf(found.launcher)
	for name, want := range map[string]string{
		"RUNAI_MPI_NUM_WORKERS":             "3",
		"PRTE_MCA_prte_default_hostfile":    "/etc/mpi/hostfile",
		"PRTE_MCA_prte_keep_fqdn_hostnames": "true",
		"OMPI_MCA_plm_rsh_agent":            "/etc/runai-mpi/ssh",
		"PRTE_MCA_plm_ssh_agent":            "/etc/runai-mpi/ssh",
		"OMPI_ALLOW_RUN_AS_ROOT":            "1",
	} {
		if env[name] != want {
			t.Errorf("%s=%q, want %q", name, env[name], want)
		}
	}
	for _, worker := range found.workers {
		if value, present := envOf(worker)["RUNAI_MPI_NUM_WORKERS"]; present {
			t.Errorf("%s has RUNAI_MPI_NUM_WORKERS=%s", worker.Name, value)
		}
	}
}

// A job with several errors is refused with all of them, and is not stored.
func TestRefusedWithEveryError(t *testing.T) {
	namespace := product.AddProject(t, "judged", v1alpha1.ProjectSpec{Restrictions: v1alpha1.Restrictions{HostNetwork: v1alpha1.Deny}})
	job := mpijobtest.MakeMPIJob("bad", namespace).Workers(0).Annotation(annotations.ProjectKey, "another").
		Both(func(template *corev1.PodTemplateSpec) { template.Spec.HostNetwork = true }).Obj()
	want := []string{
		`metadata.annotations[run.ai/project]: Invalid value: "another": namespace runai-judged belongs to project "judged", ` +
			`not "another": remove it, or use a namespace of another`,
		`spec.mpiReplicaSpecs[Worker].replicas: Invalid value: 0: must be at least 1`,
		`spec.mpiReplicaSpecs[Launcher].template.spec.hostNetwork: Forbidden: is not allowed in project judged: ` +
			`remove it, or ask your administrator to set restrictions.hostNetwork to Allow`,
		`spec.mpiReplicaSpecs[Worker].template.spec.hostNetwork: Forbidden: is not allowed in project judged: ` +
			`remove it, or ask your administrator to set restrictions.hostNetwork to Allow`,
	}
	if diff := cmp.Diff(want, refused(t, job)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if left := product.Jobs(t, namespace); len(left) > 0 {
		t.Errorf("%d jobs are left", len(left))
	}
}
