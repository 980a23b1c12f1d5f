package policy

import (
	"slices"
	"strconv"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// openMPI5 makes Open MPI 5 find the workers: the operator sets only the variables of Open MPI 4, which
// ignores these.
var openMPI5 = []corev1.EnvVar{
	{Name: "PRTE_MCA_prte_default_hostfile", Value: "/etc/mpi/hostfile"},
	{Name: "PRTE_MCA_prte_keep_fqdn_hostnames", Value: "true"},
}

// resolveHosts makes Open MPI 5 see that the first host of the hostfile is the launcher itself. Otherwise it would
// connect to itself by ssh.
var resolveHosts = []corev1.EnvVar{{Name: "PRTE_MCA_prte_do_not_resolve", Value: "0"}}

// allowRoot lets mpirun of Open MPI run as root, which it refuses because root can damage a system. In a
// container, root is the user of most images. A job that has no annotations of ours and does not come from the command
// line keeps mpirun's own behavior: its author may rely on it, as one of mpi-operator's own tests does.
var allowRoot = []corev1.EnvVar{{Name: "OMPI_ALLOW_RUN_AS_ROOT", Value: "1"}, {Name: "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", Value: "1"}}

var allForOpenMPI = slices.Concat(openMPI5, resolveHosts, allowRoot)

const numWorkersEnv = "RUNAI_MPI_NUM_WORKERS"

// numWorkers reads an annotation, which is correct when the launcher starts: the job may be scaled before that.
var numWorkers = corev1.EnvVar{Name: numWorkersEnv, ValueFrom: &corev1.EnvVarSource{
	FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + annotations.WorkersKey + "']"},
}}

// launcherEnv sets variables of the launcher that images expect. A value of the user's own stays.
var launcherEnv = Policy{
	Name: "launcher-env",
	Doc: Doc{
		Does: "Sets `" + numWorkersEnv + "` on the launcher to the number of workers that the job has when it starts. For Open MPI, also sets the variables that version 5 needs to find the workers " +
			"and, with `runLauncherAsWorker`, to find itself among them. Without an identity, lets `mpirun` of Open MPI run as root if the job requests anything with a `run.ai/` annotation or was submitted by `runai`. " +
			"A value of the user's own stays.",
		Applies: "To every job.",
	},
	Ensure: ensureLauncherEnv,
	Owns: func(*v2beta1.MPIJob, Input) Ownership {
		owned := Ownership{Env: []string{numWorkersEnv}, Annotations: []string{annotations.WorkersKey}}
		for _, variable := range allForOpenMPI {
			owned.Env = append(owned.Env, variable.Name)
		}
		return owned
	},
	Undo: func(u Undoing) {
		u.removeEnv(func(v corev1.EnvVar) bool {
			return v.Name == numWorkersEnv && (v.Value == u.Workers || equalTo(&numWorkers, v)) ||
				slices.Contains(allForOpenMPI, v) || u.Stored != nil && isForOpenMPI(v)
		}, mpijob.Launcher)
		u.each(func(template mpijob.Template, _ *corev1.PodTemplateSpec) {
			delete(template.Annotations, annotations.WorkersKey)
		})
	},
}

func isForOpenMPI(variable corev1.EnvVar) bool {
	return slices.ContainsFunc(allForOpenMPI, func(v corev1.EnvVar) bool { return v.Name == variable.Name })
}

func ensureLauncherEnv(job *v2beta1.MPIJob, in Input) field.ErrorList {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil {
		return nil // reported by the final validation
	}
	main := launcher.Main()
	if indexOfEnv(main, numWorkersEnv) < 0 {
		main.Env = append(main.Env, *numWorkers.DeepCopy())
	}
	metav1.SetMetaDataAnnotation(&launcher.ObjectMeta, annotations.WorkersKey, strconv.Itoa(int(mpijob.Workers(job))))
	if !isHydra(job) {
		variables := openMPI5
		if mpijob.LauncherWorks(job) {
			variables = slices.Concat(variables, resolveHosts)
		}
		if in.Identity == nil && (in.ByRunai || len(in.Intent.Annotations()) > 0) {
			variables = slices.Concat(variables, allowRoot)
		}
		for _, variable := range variables {
			defaultEnv(main, variable)
		}
	}
	return nil
}
