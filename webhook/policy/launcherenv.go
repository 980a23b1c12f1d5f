package policy

import (
	"slices"
	"strconv"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// openMPI5 makes Open MPI 5 see the workers: the operator speaks only the dialect of Open MPI 4,
// which in turn ignores these variables.
var openMPI5 = []corev1.EnvVar{
	{Name: "PRTE_MCA_prte_default_hostfile", Value: "/etc/mpi/hostfile"},
	{Name: "PRTE_MCA_prte_keep_fqdn_hostnames", Value: "true"},
	{Name: "PRTE_MCA_plm_ssh_args", Value: "-o ConnectionAttempts=10"},
}

// launcherEnv tells the launcher what its image expects to know; a value of the user's own stays.
func launcherEnv(job *v2beta1.MPIJob, _ Input) field.ErrorList {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil {
		return nil // the judge says so
	}
	main := launcher.Main()
	appendEnv(main, corev1.EnvVar{Name: "RUNAI_MPI_NUM_WORKERS", Value: strconv.Itoa(int(mpijob.Workers(job)))})
	if implementation := job.Spec.MPIImplementation; implementation == "" || implementation == v2beta1.MPIImplementationOpenMPI {
		for _, variable := range openMPI5 {
			appendEnv(main, variable)
		}
	}
	return nil
}

func appendEnv(container *corev1.Container, variable corev1.EnvVar) {
	if !slices.ContainsFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == variable.Name }) {
		container.Env = append(container.Env, variable)
	}
}
