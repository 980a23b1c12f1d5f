package policy_test

import (
	"encoding/json"
	"math/rand"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/randfill"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// FuzzAdmit reviews jobs with random templates and intents, under the projects and cluster policies of the
// goldens. No job may cause a panic, and an admitted job must be admitted again without a change.
func FuzzAdmit(f *testing.F) {
	submissions := loadSubmissions(f)
	for i := range submissions {
		f.Add([]byte("some bytes to begin with, from which the job is filled"), uint(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		createTwice(t, submissions[n%uint(len(submissions))], randomJob(data))
	})
}

// FuzzAdmitJSON does the same with any JSON that decodes as a job, beginning with the goldens.
func FuzzAdmitJSON(f *testing.F) {
	submissions := loadSubmissions(f)
	for i, s := range submissions {
		data, err := json.Marshal(s.job)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		job := &v2beta1.MPIJob{}
		if json.Unmarshal(data, job) != nil {
			return
		}
		createTwice(t, submissions[n%uint(len(submissions))], job)
	})
}

// choices are the values, other than those of intents, that make policies act.
var choices = map[string][]string{
	annotations.InteractivePriorityLabel: {annotations.InteractivePriority, "train"},
	"kai.scheduler/queue":                {"team-a"},
	"gpu-fraction":                       {"0.5", "0.50"},
	"gpu-memory":                         {"954"},
	"gpu-fraction-num-devices":           {"2", "0"},
	"gpu-fraction-container-name":        {"mpi", "other"},
	"mps":                                {"true", "false"},
	"nvidia.com/gpu":                     {"0", "2", "500m"},
	"cpu":                                {"1", "500m"},
	"memory":                             {"1Gi", "4Gi"},
	"operator":                           {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"},
	"nodeType":                           {"dgx", "t4", "v100", "5"},
	"mount":                              {"/dev/shm", "/dev/shm/", "/data"},
	"volume":                             {"runai-shm", "data"},
	"env":                                {"PRTE_MCA_prte_default_hostfile", "OMPI_MCA_plm_rsh_agent", "HOME", "A", "RUNAI_MPI_NUM_WORKERS"},
	"scheduler":                          {"", "", "kai-scheduler"},
}

type chooser struct{ randfill.Continue }

func (c chooser) one(key string) string { return choices[key][c.Intn(len(choices[key]))] }

// some chooses values for some of the keys.
func (c chooser) some(keys ...string) map[string]string {
	picked := map[string]string{}
	for _, key := range keys {
		if c.Intn(4) == 0 {
			picked[key] = c.one(key)
		}
	}
	return picked
}

// intents chooses values from the contract's own rows, mostly such as it accepts.
func (c chooser) intents() map[string]string {
	picked, good, bad := map[string]string{}, annotations.Examples(), annotations.Counterexamples()
	for _, doc := range annotations.Docs() {
		values := good[doc.Key]
		if c.Intn(16) == 0 {
			values = bad[doc.Key]
		}
		if c.Intn(4) == 0 {
			picked[doc.Key] = values[c.Intn(len(values))]
		}
	}
	if !strings.Contains(picked[annotations.GPUKey], "0.") && c.Intn(16) > 0 {
		delete(picked, annotations.GPUDevicesKey)
	}
	return picked
}

func randomJob(data []byte) *v2beta1.MPIJob {
	job := mpijobtest.MakeMPIJob("job", "runai-team-a").Obj()
	filler := randfill.NewFromGoFuzz(data).NilChance(0.7).NumElements(1, 2).Funcs(
		func(list *corev1.ResourceList, c randfill.Continue) {
			*list = corev1.ResourceList{}
			for name, quantity := range (chooser{c}).some("cpu", "memory", "nvidia.com/gpu") {
				(*list)[corev1.ResourceName(name)] = resource.MustParse(quantity)
			}
			if c.Intn(16) == 0 {
				(*list)["amd.com/gpu"] = resource.MustParse("1")
			}
		},
		func(r *corev1.NodeSelectorRequirement, c randfill.Continue) {
			r.Key, r.Operator = "run.ai/type", corev1.NodeSelectorOperator(chooser{c}.one("operator"))
			r.Values = []string{chooser{c}.one("nodeType")}
		},
		func(m *corev1.VolumeMount, c randfill.Continue) {
			m.Name, m.MountPath = chooser{c}.one("volume"), chooser{c}.one("mount")
		},
		func(e *corev1.EnvVar, c randfill.Continue) { e.Name = chooser{c}.one("env") },
		func(g *corev1.PodSchedulingGate, _ randfill.Continue) { g.Name = annotations.AdmissionGate },
		func(t *corev1.PodTemplateSpec, c randfill.Continue) {
			choose := chooser{c}
			t.Labels = choose.some("kai.scheduler/queue")
			if c.Intn(16) == 0 {
				t.Annotations = choose.some("gpu-fraction", "gpu-memory", "gpu-fraction-num-devices", "gpu-fraction-container-name", "mps")
			}
			t.Spec.SchedulerName = choose.one("scheduler")
			container := &t.Spec.Containers[0]
			for _, part := range []any{&container.Resources, &container.Env, &container.VolumeMounts, &t.Spec.Affinity, &t.Spec.SchedulingGates, &t.Spec.HostIPC} {
				c.Fill(part)
			}
		},
		func(job *v2beta1.MPIJob, c randfill.Continue) {
			choose := chooser{c}
			job.Labels = choose.some("kai.scheduler/queue", annotations.InteractivePriorityLabel)
			job.Annotations = choose.intents()
			for _, template := range mpijob.Templates(job) {
				c.Fill(template.PodTemplateSpec)
			}
			c.Fill(&job.Spec.RunLauncherAsWorker)
		},
	)
	filler.Fill(job)
	for _, template := range mpijob.Templates(job) {
		repair(&template.Spec)
	}
	return job
}

// repair makes the API server accept most random pods: the policies do not decide what it refuses.
func repair(pod *corev1.PodSpec) {
	main := &pod.Containers[0]
	pod.SchedulingGates = pod.SchedulingGates[:min(len(pod.SchedulingGates), 1)]
	main.VolumeMounts = main.VolumeMounts[:min(len(main.VolumeMounts), 1)]
	for _, mount := range main.VolumeMounts {
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: mount.Name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	}
	for i := range main.VolumeMounts {
		main.VolumeMounts[i] = corev1.VolumeMount{Name: main.VolumeMounts[i].Name, MountPath: main.VolumeMounts[i].MountPath}
	}
	for i := range main.Env {
		main.Env[i].ValueFrom = nil
	}
	main.Resources.Claims = nil
	for name, request := range main.Resources.Requests {
		if limit, limited := main.Resources.Limits[name]; limited && request.Cmp(limit) > 0 {
			main.Resources.Requests[name] = limit
		}
	}
	if pod.Affinity == nil {
		return
	}
	pod.Affinity.PodAffinity, pod.Affinity.PodAntiAffinity = nil, nil
	if node := pod.Affinity.NodeAffinity; node != nil {
		for i := range node.PreferredDuringSchedulingIgnoredDuringExecution {
			node.PreferredDuringSchedulingIgnoredDuringExecution[i].Weight = 1
			node.PreferredDuringSchedulingIgnoredDuringExecution[i].Preference.MatchFields = nil
		}
		if required := node.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
			for i := range required.NodeSelectorTerms {
				required.NodeSelectorTerms[i].MatchFields = nil
			}
		}
	}
}

// A fuzz test that admits nothing proves nothing.
func TestRandomJobsAreAdmitted(t *testing.T) {
	const jobs = 2000
	submissions, admitted := loadSubmissions(t), 0
	for seed := range int64(jobs) {
		data := make([]byte, 200)
		rand.New(rand.NewSource(seed)).Read(data)
		s := submissions[seed%int64(len(submissions))]
		if _, errs := s.reviewer().Create(randomJob(data), s.request()); len(errs) == 0 {
			admitted++
		}
	}
	if admitted < jobs/10 {
		t.Errorf("only %d of %d jobs are admitted", admitted, jobs)
	}
	t.Logf("%d of %d jobs are admitted", admitted, jobs)
}
