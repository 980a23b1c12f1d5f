package review

import (
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// workersAnnotation returns the annotations of the launcher's pod template if they have the number of workers.
func workersAnnotation(job *v2beta1.MPIJob) (among map[string]string, present bool) {
	launcher, hasLauncher := mpijob.TemplateOf(job, mpijob.Launcher)
	if !hasLauncher {
		return nil, false
	}
	_, present = launcher.Annotations[annotations.WorkersKey]
	return launcher.Annotations, present
}

// Recount returns the patch that writes the number of workers of an updated job, which may be nil, to its
// launcher's pod template.
func Recount(updated *v2beta1.MPIJob) []patch.Operation {
	if updated == nil {
		return nil
	}
	workers := strconv.Itoa(int(mpijob.Workers(updated)))
	if among, present := workersAnnotation(updated); !present || among[annotations.WorkersKey] == workers {
		return nil
	}
	return []patch.Operation{{
		Op: "replace", Value: workers,
		Path: "/spec/mpiReplicaSpecs/" + string(mpijob.Launcher) + "/template/metadata/annotations/" + strings.ReplaceAll(annotations.WorkersKey, "/", "~1"),
	}}
}

// recounted makes the governed part of an updated job equal to the stored one in the number of workers if that is
// correct, as after Recount.
func recounted(was, now, updated *v2beta1.MPIJob) {
	before, had := workersAnnotation(was)
	after, has := workersAnnotation(now)
	if had && has && after[annotations.WorkersKey] == strconv.Itoa(int(mpijob.Workers(updated))) {
		after[annotations.WorkersKey] = before[annotations.WorkersKey]
	}
}
