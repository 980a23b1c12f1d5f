package state

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/kai"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// gpus has what pods request: GPUs and fractions under "", and other parts of GPUs under their names, for example 2G
// of memory. Amounts are in billionths, so that 0.1 three times is 0.3.
type gpus map[string]annotations.GPU

// add adds what n pods request.
func (g gpus) add(other gpus, n int64) {
	for unit, amount := range other {
		g[unit] += amount * annotations.GPU(n)
	}
}

// String writes 1.5, 2G x 4, or both: 1 + 2G x 4.
func (g gpus) String() string {
	var parts []string
	for _, unit := range slices.Sorted(maps.Keys(g)) {
		switch amount := g[unit]; {
		case amount == 0:
		case unit == "":
			parts = append(parts, amount.String())
		case amount == annotations.OneGPU:
			parts = append(parts, unit)
		default:
			parts = append(parts, unit+" x "+amount.String())
		}
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " + ")
}

// gpusPer returns what each pod of a role requests, in its resources or in the annotations for KAI. If neither is
// known, it returns what the intent requests: the cluster's GPUs may have any name.
func (s Job) gpusPer(role v2beta1.MPIReplicaType) gpus {
	template, present := mpijob.TemplateOf(s.MPIJob, role)
	if !present {
		return gpus{}
	}
	intent, _ := annotations.Parse(s.MPIJob.Annotations) // the webhook refuses invalid annotations
	requested := gpusOfContainers(template)
	requested.add(gpusOfKAI(template, intent), 1)
	if len(requested) == 0 && (role != mpijob.Launcher || mpijob.LauncherWorks(s.MPIJob)) {
		return gpusOfIntent(intent)
	}
	return requested
}

// gpusOfContainers returns what the containers of a pod request as resources. An init container that ends before the
// others start uses the same GPUs as they do.
func gpusOfContainers(template mpijob.Template) gpus {
	total := gpus{}
	for i, container := range template.Containers() {
		restart := container.RestartPolicy
		ends := i >= len(template.Spec.Containers) && (restart == nil || *restart != corev1.ContainerRestartPolicyAlways)
		for unit, amount := range gpusOfContainer(container) {
			if ends {
				total[unit] = max(total[unit], amount)
			} else {
				total[unit] += amount
			}
		}
	}
	return total
}

func gpusOfContainer(container mpijob.Container) gpus {
	amounts := corev1.ResourceList{}
	maps.Copy(amounts, container.Resources.Requests)
	maps.Copy(amounts, container.Resources.Limits)
	total := gpus{}
	for name, quantity := range amounts {
		if amount := annotations.GPU(quantity.ScaledValue(resource.Nano)); amount > 0 && mpijob.IsGPU(name) {
			total[unitOf(name)] += amount
		}
	}
	return total
}

// unitOf returns the name of a part of a GPU without its domain, or "" for GPUs.
func unitOf(name corev1.ResourceName) string {
	_, device, _ := strings.Cut(string(name), "/")
	if strings.HasPrefix(device, "mig-") || strings.Contains(device, "_nps") {
		return device
	}
	return ""
}

// gpusOfKAI returns what a pod requests in annotations for KAI.
func gpusOfKAI(template mpijob.Template, intent annotations.Intent) gpus {
	devices, err := kai.ParseDevices(template.Annotations[kai.Devices])
	if err != nil {
		devices = 1
	}
	if fraction, err := kai.ParseFraction(template.Annotations[kai.Fraction]); err == nil {
		return gpus{"": fraction * annotations.GPU(devices)}
	}
	mib, err := kai.ParseMemory(template.Annotations[kai.Memory])
	if err != nil {
		return nil
	}
	unit := resource.NewQuantity(mib<<20, resource.BinarySI).String()
	if intent.GPUMemory.MiB() == mib {
		unit = intent.GPUMemory.String() // as it was typed
	}
	return gpus{unit: annotations.GPUs(devices)}
}

func gpusOfIntent(intent annotations.Intent) gpus {
	devices := max(intent.GPUDevices, 1)
	switch {
	case intent.GPU != nil:
		return gpus{"": *intent.GPU * annotations.GPU(devices)}
	case intent.GPUMemory != 0:
		return gpus{intent.GPUMemory.String(): annotations.GPUs(int64(devices))}
	}
	return gpus{}
}

func (s Job) requestedGPUs() gpus {
	total := gpus{}
	total.add(s.gpusPer(mpijob.Worker), int64(mpijob.Workers(s.MPIJob)))
	total.add(s.gpusPer(mpijob.Launcher), 1)
	return total
}

// allocatedGPUs returns the GPUs of the pods that have a node and have not ended.
func (s Job) allocatedGPUs() gpus {
	total, worker, launcher := gpus{}, s.gpusPer(mpijob.Worker), s.gpusPer(mpijob.Launcher)
	for _, pod := range s.Pods {
		switch ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed; {
		case ended || pod.Spec.NodeName == "":
		case isLauncher(pod):
			total.add(launcher, 1)
		default:
			total.add(worker, 1)
		}
	}
	return total
}

// gpus returns the GPUs for the table: allocated (requested).
func (s Job) gpus() string {
	allocated := "-"
	if !s.IsFinished() {
		allocated = s.allocatedGPUs().String()
	}
	return allocated + " (" + s.requestedGPUs().String() + ")"
}
