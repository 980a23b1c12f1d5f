package matrix

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// What mpirun is told to export does not interfere with the job's own variables.
var environmentCells = []cell{
	{
		name: "x-openmpi4", what: "`mpirun -x` with `-e`",
		mpi: openMPI4, as: root, image: plain,
		options: []string{"-x", "EXTRA=7", "-x", "TEXT"}, want: map[string]string{"extra": "7"},
	},
	{
		name: "x-openmpi5", what: "`mpirun -x` with `-e`", daily: true,
		mpi: openMPI5, as: anyUID, image: site,
		options: []string{"-x", "EXTRA=7", "-x", "TEXT"}, want: map[string]string{"extra": "7"},
	},
	{
		name: "x-mpich", what: "`mpirun -genv` with `-e`",
		mpi: mpich, as: anyUID, image: plain,
		options: []string{"-genv", "EXTRA", "7"}, want: map[string]string{"extra": "7"},
	},
}

// Programs that speak MPI, and another mpirun.
var programCells = []cell{
	{
		name: "pi-openmpi5", what: "ranks that send messages",
		mpi: openMPI5, as: restricted, image: operators, rank: tell + "\nexec ./pi", see: computedPi,
	},
	{
		name: "pi-mpich", what: "ranks that send messages",
		mpi: mpich, as: restricted, image: operators, rank: tell + "\nexec ./pi", see: computedPi,
	},
	{
		name: "intel", what: "`mpiImplementation: Intel`, with MPICH's hydra in its place",
		mpi: mpich, as: anyUID, image: plain, edit: asIntel, script: withIntelsVariables,
	},
}

func computedPi(t *testing.T, r *running) {
	if err := suite.Says(r.output, "rank 0 of 2 is on ", "rank 1 of 2 is on ", "pi is about 3.14159265"); err != nil {
		t.Error(err)
	}
}

func asIntel(job *v2beta1.MPIJob) { job.Spec.MPIImplementation = v2beta1.MPIImplementationIntel }

// withIntelsVariables tells MPICH's hydra, in its own variables, what Intel's hydra reads from others.
const withIntelsVariables = `export HYDRA_HOST_FILE="$I_MPI_HYDRA_HOST_FILE" HYDRA_LAUNCHER_EXEC="$I_MPI_HYDRA_BOOTSTRAP_EXEC"
exec "$0" "$@"`
