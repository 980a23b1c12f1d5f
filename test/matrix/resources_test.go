package matrix

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// What the webhook adds changes neither what a quota counts nor the QoS class of a pod.
var resourceCells = []cell{
	{
		name: "guaranteed-uid", what: "Guaranteed under a ResourceQuota, with `--git-sync`", daily: true,
		mpi: openMPI4, as: anyUID, image: operators, namespace: quotaNamespace, flags: guaranteedFlags,
		clones: true, rank: "EXTRA=$(cat /code/greeting)\n" + tell, want: map[string]string{"extra": greeting}, during: isGuaranteed,
	},
	{
		name: "guaranteed-root", what: "Guaranteed under a ResourceQuota",
		mpi: openMPI5, as: root, image: plain, namespace: quotaNamespace, flags: guaranteedFlags, during: isGuaranteed,
	},
}

const quotaNamespace = "runai-quota"

var guaranteedFlags = []string{"--cpu=200m", "--cpu-limit=200m", "--memory=256Mi", "--memory-limit=256Mi"}

// quota returns a quota for everything that a container can request, so every container must request something.
func quota() *corev1.ResourceQuota {
	cores, memory := resource.MustParse("2"), resource.MustParse("2Gi")
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: quotaNamespace, Name: "all"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{
			corev1.ResourceRequestsCPU: cores, corev1.ResourceLimitsCPU: cores,
			corev1.ResourceRequestsMemory: memory, corev1.ResourceLimitsMemory: memory,
		}},
	}
}

func isGuaranteed(t *testing.T, r *running) {
	suite.Eventually(t, "all pods are created", time.Minute, func() error {
		for _, name := range []string{"launcher", "worker-0", "worker-1"} {
			switch class := r.pod(t, name).Status.QOSClass; class {
			case corev1.PodQOSGuaranteed:
			case "":
				return fmt.Errorf("%s does not exist", name)
			default:
				t.Fatalf("%s is %s", name, class)
			}
		}
		return nil
	})
}
