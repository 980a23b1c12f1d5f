package mpijob

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// hostLists writes the two texts as MPI Operator v0.8.2 does (newConfigMap and updateDiscoverHostsInConfigMap).
// test/integration compares with the operator itself.
func hostLists(job *v2beta1.MPIJob, workers int) string {
	pods := []string{}
	if LauncherWorks(job) {
		pods = append(pods, job.Name+"-launcher")
	}
	for i := range workers {
		pods = append(pods, fmt.Sprintf("%s-worker-%d", job.Name, i))
	}
	slots := int32(1)
	if job.Spec.SlotsPerWorker != nil {
		slots = *job.Spec.SlotsPerWorker
	}
	var hostfile, script strings.Builder
	script.WriteString("#!/bin/sh\n")
	for _, pod := range pods {
		host := fmt.Sprintf("%s.%s.%s.svc", pod, job.Name, job.Namespace)
		switch job.Spec.MPIImplementation {
		case v2beta1.MPIImplementationOpenMPI:
			fmt.Fprintf(&hostfile, "%s slots=%d\n", host, slots)
		case v2beta1.MPIImplementationIntel, v2beta1.MPIImplementationMPICH:
			fmt.Fprintf(&hostfile, "%s:%d\n", host, slots)
		}
		fmt.Fprintf(&script, "echo %s\n", host)
	}
	return hostfile.String() + script.String()
}

func TestHostListsSize(t *testing.T) {
	slots := int32(128)
	for _, implementation := range []v2beta1.MPIImplementation{v2beta1.MPIImplementationOpenMPI, v2beta1.MPIImplementationIntel, v2beta1.MPIImplementationMPICH} {
		for _, launcher := range []bool{false, true} {
			for _, of := range []*int32{nil, &slots} {
				job := mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj()
				job.Spec.MPIImplementation, job.Spec.RunLauncherAsWorker, job.Spec.SlotsPerWorker = implementation, &launcher, of
				for _, workers := range []int{0, 1, 2, 9, 10, 11, 99, 100, 101, 1000, 1001, 12345} {
					if got, want := HostListsSize(job, int32(workers)), len(hostLists(job, workers)); got != int64(want) {
						t.Errorf("%s, launcher works: %t, %d workers: got %d, want %d", implementation, launcher, workers, got, want)
					}
				}
			}
		}
	}
}

func TestMostWorkers(t *testing.T) {
	for _, test := range []struct {
		name, namespace string
		want            int32
	}{
		{"a", "b", 18148},
		{"dist1", "runai-team-a", 11039},
		{strings.Repeat("n", 27), strings.Repeat("s", 23), 5125},
		{strings.Repeat("n", 50), strings.Repeat("s", 63), 2787},
	} {
		job := mpijobtest.MakeMPIJob(test.name, test.namespace).Obj()
		got := MostWorkers(job)
		if HostListsSize(job, got) > LargestHostLists || HostListsSize(job, got+1) <= LargestHostLists {
			t.Errorf("%d workers of %s: %d and %d bytes", got, test.name, HostListsSize(job, got), HostListsSize(job, got+1))
		}
		if got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
	generated := mpijobtest.MakeMPIJob("", "b").Job(func(job *v2beta1.MPIJob) { job.GenerateName = "a-" }).Obj()
	if named := mpijobtest.MakeMPIJob("a-xxxxx", "b").Obj(); MostWorkers(generated) != MostWorkers(named) {
		t.Errorf("%d workers of a job with a generated name, %d of one with such a name", MostWorkers(generated), MostWorkers(named))
	}
}
