package mpijob

import (
	"sort"
	"strconv"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// LargestHostLists is the size in bytes of the texts in a ConfigMap above which the API server refuses it.
const LargestHostLists = 1 << 20

// HostListsSize returns the size in bytes of the texts in the ConfigMap that MPI Operator v0.8 makes for a
// job once all of its workers run: the hostfile, and the script that lists the running hosts. It does not know
// the operator's --cluster-domain, which makes each line longer.
func HostListsSize(job *v2beta1.MPIJob, workers int32) int64 {
	name := nameLength(job)
	host := int64(len("..")+name+len(job.Namespace)) + int64(len(".svc")) // after the name of the pod
	slots := linesEnd(job)
	hostfile := func(pod int64) int64 {
		if slots == 0 {
			return 0
		}
		return pod + host + slots
	}
	script := func(pod int64) int64 { return int64(len("echo \n")) + pod + host }
	size := int64(len("#!/bin/sh\n"))
	if LauncherWorks(job) {
		pod := int64(name + len("-launcher"))
		size += hostfile(pod) + script(pod)
	}
	pod := int64(name + len("-worker-"))
	lists := int64(1)
	if slots > 0 {
		lists = 2
	}
	return size + int64(max(workers, 0))*(hostfile(pod)+script(pod)) + lists*digitsBelow(int64(max(workers, 0)))
}

// MostWorkers returns the largest number of workers whose hosts fit into the operator's ConfigMap.
func MostWorkers(job *v2beta1.MPIJob) int32 {
	return int32(sort.Search(LargestHostLists, func(workers int) bool { // a host needs more than a byte
		return HostListsSize(job, int32(workers)+1) > LargestHostLists
	}))
}

// nameLength returns the length of the job's name, also of one that the API server will generate.
func nameLength(job *v2beta1.MPIJob) int {
	if job.Name != "" {
		return len(job.Name)
	}
	return min(len(job.GenerateName)+len(generatedSuffix), validation.DNS1123LabelMaxLength)
}

// linesEnd returns the length of what follows the host name in a line of the hostfile, or 0 if the operator
// does not know the MPI implementation and lists no hosts.
func linesEnd(job *v2beta1.MPIJob) int64 {
	slots := int32(1)
	if job.Spec.SlotsPerWorker != nil {
		slots = *job.Spec.SlotsPerWorker
	}
	digits := int64(len(strconv.Itoa(int(slots))))
	switch job.Spec.MPIImplementation {
	case "", v2beta1.MPIImplementationOpenMPI:
		return int64(len(" slots=\n")) + digits
	case v2beta1.MPIImplementationIntel, v2beta1.MPIImplementationMPICH:
		return int64(len(":\n")) + digits
	}
	return 0
}

// digitsBelow returns the number of digits of all numbers from 0 to n-1.
func digitsBelow(n int64) int64 {
	digits := n
	for power := int64(10); power < n; power *= 10 {
		digits += n - power
	}
	return digits
}
