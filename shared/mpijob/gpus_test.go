package mpijob

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestIsGPU(t *testing.T) {
	for name, want := range map[corev1.ResourceName]bool{
		"nvidia.com/gpu": true, "nvidia.com/gpu.shared": true, "nvidia.com/mig-1g.5gb": true, "nvidia.com/mig-3g.20gb.shared": true,
		"amd.com/gpu": true, "amd.com/cpx_nps4": true, "gpu.intel.com/i915": true, "gpu.intel.com/xe": true, "habana.ai/gaudi": true,
		"example.com/gpu": true, "huawei.com/Ascend910": true, "google.com/tpu": true, "cloud-tpus.google.com/v3": true,
		"qualcomm.com/qaic": true, "aliyun.com/gpu-mem": true, "volcano.sh/vgpu-number": true,
		"cpu": false, "gpu": false, "nvidia.com/gpumem": false, "rdma/hca": false, "vpc.amazonaws.com/efa": false,
		"gpu.intel.com/memory.max": false, "example.com/gpus-of-others": false, "hugepages-2Mi": false,
	} {
		if got := IsGPU(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
