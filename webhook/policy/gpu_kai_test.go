package policy_test

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strconv"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// admittedByKAI is what KAI v0.17.0 does at the creation of a pod, with its sharing of GPUs enabled: a validator,
// and a mutator that looks for the container of the fraction.
func admittedByKAI(pod *corev1.PodTemplateSpec) error {
	fraction, hasFraction := pod.Annotations["gpu-fraction"]
	memory, hasMemory := pod.Annotations["gpu-memory"]
	devices, hasDevices := pod.Annotations["gpu-fraction-num-devices"]
	name, hasName := pod.Annotations["gpu-fraction-container-name"]
	isFraction, hasKey, isNamed := hasFraction || hasMemory, false, false
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		_, present := container.Resources.Limits["nvidia.com/gpu"]
		hasKey, isNamed = hasKey || present, isNamed || container.Name == name
	}
	number, notFloat := strconv.ParseFloat(fraction, 64)
	_, notQuantity := resource.ParseQuantity(fraction)
	isWhole := func(text string) bool {
		n, err := strconv.ParseUint(text, 10, 64)
		return err == nil && n > 0
	}
	switch {
	case pod.Annotations["mps"] == "true" && !isFraction:
		return errors.New("MPS without a fraction")
	case isFraction && hasKey:
		return errors.New("a fraction and whole GPUs")
	case hasFraction && hasMemory:
		return errors.New("a fraction and memory")
	case hasDevices && !isFraction:
		return errors.New("devices without a fraction")
	case hasMemory && !isWhole(memory):
		return errors.New("not an amount of memory")
	case hasFraction && (notFloat != nil || notQuantity != nil || !(number > 0 && number < 1)):
		return errors.New("not a fraction")
	case hasDevices && !isWhole(devices):
		return errors.New("not a number of devices")
	case isFraction && hasName && !isNamed:
		return errors.New("no such container")
	}
	return nil
}

type onWorker func(*corev1.PodTemplateSpec)

func annotated(pairs ...string) onWorker {
	return func(worker *corev1.PodTemplateSpec) {
		worker.Annotations = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			worker.Annotations[pairs[i]] = pairs[i+1]
		}
	}
}

// limited gives a container of its own, or the main one, a limit.
func limited(where, name, quantity string) onWorker {
	return func(worker *corev1.PodTemplateSpec) {
		always := corev1.ContainerRestartPolicyAlways
		limits := corev1.ResourceList{corev1.ResourceName(name): resource.MustParse(quantity)}
		own := corev1.Container{Name: "own", Image: "x", Resources: corev1.ResourceRequirements{Limits: limits}}
		switch where {
		case "main":
			worker.Spec.Containers[0].Resources.Limits = limits
		case "second":
			worker.Spec.Containers = append(worker.Spec.Containers, own)
		case "sidecar":
			own.RestartPolicy = &always
			worker.Spec.InitContainers = append(worker.Spec.InitContainers, own)
		case "init":
			worker.Spec.InitContainers = append(worker.Spec.InitContainers, own)
		}
	}
}

func underKAI() review.Reviewer {
	cluster := config.Default()
	cluster.GPU.Fractions, cluster.Scheduling.SchedulerName = config.FractionsKAI, "kai-scheduler"
	return review.Reviewer{Cluster: cluster, Version: "(test)"}
}

func createdBy(reviewer review.Reviewer, job *v2beta1.MPIJob) error {
	project := &v1alpha1.Project{}
	project.Name = "team-a"
	_, errs := reviewer.Create(job, review.Request{NamespaceFacts: review.NamespaceFacts{Project: project}, User: alice})
	return errs.ToAggregate()
}

// Of what the author of a manifest writes on the workers' template, the webhook refuses what KAI's own admission
// would refuse, and nothing else.
func TestWhatKAIRefuses(t *testing.T) {
	half := annotated("gpu-fraction", "0.5")
	rows := []struct {
		name    string
		worker  []onWorker
		refused bool
	}{
		{"nothing", nil, false},
		{"whole GPUs", []onWorker{limited("main", "nvidia.com/gpu", "2")}, false},
		{"no GPU", []onWorker{limited("main", "nvidia.com/gpu", "0")}, false},
		{"whole GPUs of a second container", []onWorker{limited("second", "nvidia.com/gpu", "2")}, false},

		{"memory", []onWorker{annotated("gpu-memory", "2048")}, false},
		{"a fraction and memory", []onWorker{annotated("gpu-fraction", "0.5", "gpu-memory", "2048")}, true},

		{"devices", []onWorker{annotated("gpu-fraction", "0.5", "gpu-fraction-num-devices", "2")}, false},
		{"devices of memory", []onWorker{annotated("gpu-memory", "2048", "gpu-fraction-num-devices", "2")}, false},
		{"devices alone", []onWorker{annotated("gpu-fraction-num-devices", "2")}, true},
		{"devices of whole GPUs", []onWorker{annotated("gpu-fraction-num-devices", "2"), limited("main", "nvidia.com/gpu", "2")}, true},

		{"MPS", []onWorker{annotated("gpu-fraction", "0.5", "mps", "true")}, false},
		{"MPS of memory", []onWorker{annotated("gpu-memory", "2048", "mps", "true")}, false},
		{"MPS alone", []onWorker{annotated("mps", "true")}, true},
		{"no MPS", []onWorker{annotated("mps", "false")}, false},
		{"MPS in capitals", []onWorker{annotated("mps", "True")}, false},

		{"the main container by name", []onWorker{annotated("gpu-fraction", "0.5", "gpu-fraction-container-name", "mpi")}, false},
		{"another container", []onWorker{annotated("gpu-fraction", "0.5", "gpu-fraction-container-name", "own"), limited("second", "cpu", "1")}, false},
		{"an init container", []onWorker{annotated("gpu-fraction", "0.5", "gpu-fraction-container-name", "own"), limited("init", "cpu", "1")}, false},
		{"no such container", []onWorker{annotated("gpu-fraction", "0.5", "gpu-fraction-container-name", "own")}, true},
		{"no such container for memory", []onWorker{annotated("gpu-memory", "2048", "gpu-fraction-container-name", "own")}, true},
		{"an empty name", []onWorker{annotated("gpu-fraction", "0.5", "gpu-fraction-container-name", "")}, true},
		{"a name and no fraction", []onWorker{annotated("gpu-fraction-container-name", "own")}, false},
	}
	for _, where := range []string{"main", "second", "sidecar", "init"} {
		for _, number := range []string{"0", "1", "8"} {
			limit := limited(where, "nvidia.com/gpu", number)
			rows = append(rows, []struct {
				name    string
				worker  []onWorker
				refused bool
			}{
				{"a fraction and a limit of " + number + " at " + where, []onWorker{half, limit}, true},
				{"memory and a limit of " + number + " at " + where, []onWorker{annotated("gpu-memory", "2048"), limit}, true},
			}...)
		}
	}
	for value, refused := range map[string]bool{
		"0.5": false, "0.50": false, ".5": false, "+0.5": false, "5e-1": false, "5E-1": false, "0.999": false, "0.9999999999": false, "1e-3": false, "1e-30": false,
		"0": true, "1": true, "1.0": true, "2": true, "-0.5": true, "NaN": true, "nan": true, "Inf": true, "-Inf": true, "": true, "half": true, "50%": true,
		"500m": true, "0.5Gi": true, "0x1p-1": true, "0X1P-01": true, "0_5": true, "0,5": true, " 0.5": true, "0.5 ": true, "0.5\n": true, "1e": true, "0.5.0": true,
	} {
		rows = append(rows, struct {
			name    string
			worker  []onWorker
			refused bool
		}{fmt.Sprintf("gpu-fraction %q", value), []onWorker{annotated("gpu-fraction", value)}, refused})
	}
	for value, refused := range map[string]bool{
		"1": false, "2048": false, "007": false, "9223372036854775807": false,
		"0": true, "-1": true, "+1": true, "1.5": true, "1e3": true, "1G": true, "512Mi": true, "0x10": true, "1_000": true, " 1": true, "": true, "18446744073709551616": true,
	} {
		for _, key := range []string{"gpu-memory", "gpu-fraction-num-devices"} {
			worker := annotated("gpu-fraction", "0.5", key, value)
			if key == "gpu-memory" {
				worker = annotated(key, value)
			}
			rows = append(rows, struct {
				name    string
				worker  []onWorker
				refused bool
			}{fmt.Sprintf("%s %q", key, value), []onWorker{worker}, refused})
		}
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj()
			worker := &job.Spec.MPIReplicaSpecs[mpijob.Worker].Template
			for _, change := range row.worker {
				change(worker)
			}
			if err := admittedByKAI(worker); (err != nil) != row.refused {
				t.Errorf("KAI: %v", err)
			}
			err := createdBy(underKAI(), job)
			if (err != nil) != row.refused {
				t.Errorf("the webhook: %v", err)
			}
			if err == nil {
				if err := admittedByKAI(worker); err != nil {
					t.Errorf("KAI refuses what is admitted: %s", err)
				}
			}
		})
	}
}

// KAI's admission judges one pod: whole GPUs on the launcher are accepted together with workers that have a fraction.
func TestWholeGPUsOfTheLauncherWithKAI(t *testing.T) {
	job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Annotation(annotations.GPUKey, "0.5").Obj()
	limited("main", "nvidia.com/gpu", "1")(&job.Spec.MPIReplicaSpecs[mpijob.Launcher].Template)
	if err := createdBy(underKAI(), job); err != nil {
		t.Error(err)
	}
	works := true
	job.Spec.RunLauncherAsWorker = &works
	if err := createdBy(underKAI(), job); err == nil {
		t.Error("a launcher that runs ranks gets a fraction and a whole GPU")
	}
}

// Whatever is admitted, KAI admits every pod of it.
func TestKAIAdmitsWhatIsAdmitted(t *testing.T) {
	t.Parallel()
	admitted, fractions := 0, 0
	for seed := range int64(4000) {
		data := make([]byte, 200)
		rand.New(rand.NewSource(seed)).Read(data)
		job := randomJob(data)
		if createdBy(underKAI(), job) != nil {
			continue
		}
		admitted++
		for _, template := range mpijob.Templates(job) {
			if err := admittedByKAI(template.PodTemplateSpec); err != nil {
				t.Errorf("seed %d: %s: %s", seed, template.Role, err)
			}
			if template.Annotations["gpu-fraction"]+template.Annotations["gpu-memory"] != "" {
				fractions++
			}
		}
	}
	if fractions < 100 {
		t.Errorf("%d admitted, only %d templates with a fraction", admitted, fractions)
	}
	t.Logf("%d admitted, %d templates with a fraction", admitted, fractions)
}
