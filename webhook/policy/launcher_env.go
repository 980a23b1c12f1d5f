package policy

import (
	"slices"
	"strconv"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// openMPI5 makes Open MPI 5 find the workers: the operator sets only the variables of Open MPI 4, which
// ignores these.
var openMPI5 = []corev1.EnvVar{
	{Name: "PRTE_MCA_prte_default_hostfile", Value: "/etc/mpi/hostfile"},
	{Name: "PRTE_MCA_prte_keep_fqdn_hostnames", Value: "true"},
	{Name: "PRTE_MCA_plm_ssh_args", Value: "-o ConnectionAttempts=10"},
}

// resolveHosts makes Open MPI 5 see that the first host of the hostfile is the launcher's own. It would connect
// to itself by ssh.
var resolveHosts = corev1.EnvVar{Name: "PRTE_MCA_prte_do_not_resolve", Value: "0"}

var allForOpenMPI5 = append(slices.Clone(openMPI5), resolveHosts)

const numWorkersEnv = "RUNAI_MPI_NUM_WORKERS"

// launcherEnv sets variables of the launcher that images expect. A value of the user's own stays.
var launcherEnv = Policy{
	Name: "launcher-env",
	Doc: Doc{
		Does: "Sets `" + numWorkersEnv + "` on the launcher to the number of workers, and for Open MPI the variables that version 5 needs to find them, " +
			"and with `runLauncherAsWorker` to find itself among them. " +
			"A value of the user's own stays.",
		Applies: "To every job.",
	},
	Ensure: ensureLauncherEnv,
	Owns: func(*v2beta1.MPIJob, Input) Ownership {
		owned := Ownership{Env: []string{numWorkersEnv}}
		for _, variable := range allForOpenMPI5 {
			owned.Env = append(owned.Env, variable.Name)
		}
		return owned
	},
	Undo: func(u Undoing) {
		u.removeEnv(func(v corev1.EnvVar) bool {
			return v.Name == numWorkersEnv && v.Value == u.Workers || slices.Contains(allForOpenMPI5, v) || u.Stored != nil && isForOpenMPI5(v)
		}, mpijob.Launcher)
	},
}

func isForOpenMPI5(variable corev1.EnvVar) bool {
	return slices.ContainsFunc(allForOpenMPI5, func(v corev1.EnvVar) bool { return v.Name == variable.Name })
}

func ensureLauncherEnv(job *v2beta1.MPIJob, _ Input) field.ErrorList {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil {
		return nil // reported by the final validation
	}
	main := launcher.Main()
	defaultEnv(main, corev1.EnvVar{Name: numWorkersEnv, Value: strconv.Itoa(int(mpijob.Workers(job)))})
	if implementation := job.Spec.MPIImplementation; implementation == "" || implementation == v2beta1.MPIImplementationOpenMPI {
		for _, variable := range openMPI5 {
			defaultEnv(main, variable)
		}
		if mpijob.LauncherWorks(job) {
			defaultEnv(main, resolveHosts)
		}
	}
	return nil
}
