package matrix

import (
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// An elastic job starts with the workers that it needs.
var elasticCells = []cell{
	{
		name: "elastic-uid", what: "`minAvailable: 2`, one of two workers never starts", daily: true,
		mpi: openMPI5, as: anyUID, image: plain, np: 1, script: rankOnAHost, edit: oneWorkerIsEnough, on: map[string]int{"worker-0": 1},
	},
	{
		name: "elastic-root", what: "`minAvailable: 2`, one of two workers never starts",
		mpi: openMPI4, as: root, image: operators, np: 1, script: rankOnAHost, edit: oneWorkerIsEnough, on: map[string]int{"worker-0": 1},
	},
	{
		name: "elastic-mpich", what: "`minAvailable: 2`, one of two workers never starts",
		mpi: mpich, as: root, image: plain, np: 1, script: rankOnAHost, edit: oneWorkerIsEnough, on: map[string]int{"worker-0": 1},
	},
}

// oneWorkerIsEnough keeps the workers on different nodes. The cluster has only one.
func oneWorkerIsEnough(job *v2beta1.MPIJob) {
	enough := int32(2) // with the launcher
	job.Spec.RunPolicy.SchedulingPolicy = &v2beta1.SchedulingPolicy{MinAvailable: &enough}
	template := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template
	template.Labels = map[string]string{"apart": job.Name}
	template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: template.Labels}, TopologyKey: corev1.LabelHostname,
		}},
	}}
}

// rankOnAHost starts the rank on the first worker that the operator's script discovers.
const rankOnAHost = `until host=$(sh /etc/mpi/discover_hosts.sh | head -n 1) && [ "$host" ]; do sleep 1; done
exec "$0" --host "$host" "$@"`
