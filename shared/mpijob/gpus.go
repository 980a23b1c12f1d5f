package mpijob

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// accelerators lists resources of device plugins that are GPUs, or are requested in place of them, and whose
// names do not end with gpu.
var accelerators = []string{
	"gpu.intel.com/i915", "gpu.intel.com/xe", "habana.ai/gaudi", "habana.ai/gaudi2", "habana.ai/gaudi3",
	"aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice", "google.com/tpu", "qualcomm.com/qaic", "cambricon.com/mlu", "cambricon.com/vmlu", "hygon.com/dcu",
	"aliyun.com/gpu-mem", "aliyun.com/gpu-count", "volcano.sh/gpu-number", "volcano.sh/gpu-memory", "volcano.sh/vgpu-number", "tencent.com/vcuda-core",
}

// IsGPU reports whether a resource is a GPU of any vendor, or a part of one.
func IsGPU(name corev1.ResourceName) bool {
	domain, device, extended := strings.Cut(string(name), "/")
	if !extended {
		return false
	}
	device = strings.TrimSuffix(device, ".shared") // with time slicing or MPS of NVIDIA's device plugin
	switch {
	case device == "gpu" || device == "vgpu" || device == "pgpu":
		return true
	case domain == "nvidia.com":
		return strings.HasPrefix(device, "mig-")
	case domain == "amd.com": // a partition: cpx_nps4
		return strings.Contains(device, "_nps")
	case domain == "cloud-tpus.google.com": // each version has a name
		return true
	case domain == "huawei.com":
		return strings.HasPrefix(device, "Ascend")
	}
	return slices.Contains(accelerators, string(name))
}
