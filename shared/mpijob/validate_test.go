package mpijob_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func TestValidate(t *testing.T) {
	request := func(role v2beta1.MPIReplicaType, name corev1.ResourceName, quantity string) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) {
			container := &job.Spec.MPIReplicaSpecs[role].Template.Spec.Containers[0]
			container.Resources.Requests = corev1.ResourceList{name: resource.MustParse(quantity)}
		}
	}
	cases := map[string]struct {
		job  mpijobtest.Builder
		want []string
	}{
		"a valid job": {job: mpijobtest.MakeMPIJob("train", "a")},
		"a name that fits only without its workers": {
			mpijobtest.MakeMPIJob(strings.Repeat("a", 55), "a").Workers(11),
			[]string{"metadata.name", "must be at most 53 characters"},
		},
		"a name that fits": {job: mpijobtest.MakeMPIJob(strings.Repeat("a", 53), "a").Workers(11)},
		"a name with capitals": {
			mpijobtest.MakeMPIJob("Train", "a"), []string{"metadata.name", "lower case"},
		},
		"a generated name that is too long": {
			mpijobtest.MakeMPIJob("", "a").Job(func(job *v2beta1.MPIJob) { job.GenerateName = strings.Repeat("a", 55) }),
			[]string{"metadata.generateName", "must be at most 49 characters"},
		},
		"a generated name": {
			job: mpijobtest.MakeMPIJob("", "a").Job(func(job *v2beta1.MPIJob) { job.GenerateName = "train-" }),
		},
		"workers left out": {
			mpijobtest.MakeMPIJob("train", "a").Job(func(job *v2beta1.MPIJob) { job.Spec.MPIReplicaSpecs[mpijob.Worker].Replicas = nil }),
			[]string{"spec.mpiReplicaSpecs[Worker].replicas", "set it to 1 or more"},
		},
		"no workers": {mpijobtest.MakeMPIJob("train", "a").Workers(0), []string{"Worker].replicas", "must be at least 1"}},
		"a limit below its request": {
			mpijobtest.MakeMPIJob("train", "a").Limit(mpijob.Worker, "cpu", "1").Job(request(mpijob.Worker, "cpu", "2")),
			[]string{"spec.mpiReplicaSpecs[Worker].template.spec.containers[0].resources.requests[cpu]", "limit of 1"},
		},
		"an extended resource with a request only": {
			mpijobtest.MakeMPIJob("train", "a").Job(request(mpijob.Worker, "nvidia.com/gpu", "2")),
			[]string{"requests[nvidia.com/gpu]", "limit"},
		},
		"several at once": {
			mpijobtest.MakeMPIJob("Train", "a").Workers(0).Job(func(job *v2beta1.MPIJob) {
				job.Spec.MPIReplicaSpecs[mpijob.Launcher].RestartPolicy = "Always"
				job.Spec.MPIReplicaSpecs[mpijob.Worker].Template.Spec.Containers = nil
			}),
			[]string{"metadata.name", "Worker].replicas", "Launcher].restartPolicy", "containers"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			before := test.job.Obj().DeepCopy()
			errs := mpijob.Validate(test.job.Obj())
			if diff := cmp.Diff(before, test.job.Obj()); diff != "" {
				t.Errorf("Validate changed the job:\n%s", diff)
			}
			if len(test.want) == 0 {
				if len(errs) > 0 {
					t.Errorf("unexpected: %v", errs)
				}
				return
			}
			message := ""
			if len(errs) > 0 {
				message = errs.ToAggregate().Error()
			}
			for _, want := range test.want {
				if !strings.Contains(message, want) {
					t.Errorf("%q does not say %q", message, want)
				}
			}
		})
	}
}

func TestTemplatesKeepTheirOrder(t *testing.T) {
	job := mpijobtest.MakeMPIJob("train", "a").Job(func(job *v2beta1.MPIJob) {
		job.Spec.MPIReplicaSpecs["Zoo"] = &v2beta1.ReplicaSpec{}
		job.Spec.MPIReplicaSpecs["Alpha"] = &v2beta1.ReplicaSpec{}
		job.Spec.MPIReplicaSpecs["Nil"] = nil
	}).Obj()
	for range 20 {
		var roles []v2beta1.MPIReplicaType
		for _, template := range mpijob.Templates(job) {
			roles = append(roles, template.Role)
		}
		if diff := cmp.Diff([]v2beta1.MPIReplicaType{"Launcher", "Worker", "Alpha", "Zoo"}, roles); diff != "" {
			t.Fatal(diff)
		}
	}
}
