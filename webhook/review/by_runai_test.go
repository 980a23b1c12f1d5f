package review

import (
	"slices"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// A job of the command line without any annotation lets mpirun run as root: also when another replica builds it again,
// and when it is exported and created again. A job of somebody else's keeps mpirun's own behavior.
func TestMpirunOfRunaiRunsAsRoot(t *testing.T) {
	request := Request{NamespaceFacts: NamespaceFacts{Project: &v1alpha1.Project{}}}
	request.Project.Name = "team-a"
	reviewers := []Reviewer{{Cluster: config.Default(), Version: "1"}, {Cluster: config.Default(), Version: "2"}}
	for name, byRunai := range map[string]bool{"of runai": true, "of kubectl": false} {
		made := mpijobtest.MakeMPIJob("dist1", "runai-team-a")
		if byRunai {
			made = made.Gate(annotations.AdmissionGate)
		}
		job := made.Obj()
		for _, reviewer := range reviewers {
			if _, errs := reviewer.Create(job, request); len(errs) > 0 {
				t.Fatal(errs)
			}
			if foreign, errs := reviewer.Confirm(job, request); foreign || len(errs) > 0 {
				t.Errorf("%s, version %s: foreign %v, %v", name, reviewer.Version, foreign, errs)
			}
			env := job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeLauncher].Template.Spec.Containers[0].Env
			runs := slices.Contains(env, corev1.EnvVar{Name: "OMPI_ALLOW_RUN_AS_ROOT", Value: "1"})
			if runs != byRunai {
				t.Errorf("%s, version %s: mpirun runs as root: %v", name, reviewer.Version, runs)
			}
		}
	}
}
