package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// The limits of what ssh sends. sshd takes 128 variables in a session, including some for the locale. The length
// limits the configuration.
const (
	mostSent    = 100
	mostKept    = 500
	longestName = 128
)

// An environment says how the variables that the author gives the launcher reach the ranks.
type environment struct {
	// sent are the variables that ssh sends: SendEnv and AcceptEnv.
	sent []string
	// kept are variables that sshd sets itself in a session, or that are too many for ssh. The worker's sshd passes
	// on the worker's own values.
	kept []string
	// lost are the variables that do not reach the ranks.
	lost []string
}

var (
	// portableName matches the names that a shell can pass on. None of them is a pattern for ssh.
	portableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// ofMPI matches variables of MPI's own. mpirun passes them on where they belong, and a daemon on a worker
	// would take those of the launcher for its own.
	ofMPI = regexp.MustCompile(`^(OMPI|OPAL|ORTE|PMIX|PMI|PRTE|PRRTE|HYDRA|HYDI|MPICH|MPIR|MPIEXEC|I_MPI)_`)
	// bySSHD lists the variables that sshd sets in a session in place of what ssh sends.
	bySSHD = []string{"HOME", "LOGNAME", "MAIL", "PATH", "SHELL", "USER"}
	// ofPod lists variables that the operator or this package writes for one pod.
	ofPod = []string{"K_MPI_JOB_ROLE", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", numWorkersEnv, launcherAddressEnv}
)

// environmentOf returns how the launcher's variables reach the ranks.
func environmentOf(job *v2beta1.MPIJob, in Input) environment {
	var env environment
	launcher, worker := variablesOf(job, mpijob.Launcher), variablesOf(job, mpijob.Worker)
	compared := map[string]bool{}
	for _, name := range namesForRanks(job, launcher, in) {
		_, set := worker.byName[name]
		if set && (!launcher.hasSame(worker, name, compared) || worker.ofOnePod(name)) {
			continue // the worker's own value is another one
		}
		switch {
		case !portableName.MatchString(name) || len(name) > longestName:
			env.lost = append(env.lost, name)
		case (slices.Contains(bySSHD, name) || len(env.sent) == mostSent) && set && len(env.kept) < mostKept:
			env.kept = append(env.kept, name)
		case slices.Contains(bySSHD, name) || len(env.sent) == mostSent:
			env.lost = append(env.lost, name)
		default:
			env.sent = append(env.sent, name)
		}
	}
	return env
}

// namesForRanks returns the names of the launcher's variables that the author wrote for the ranks, too, and of
// those that policies write for them.
func namesForRanks(job *v2beta1.MPIJob, launcher variables, in Input) []string {
	var names []string
	ofUser := wantsHome(job, in) && in.Identity != nil // the passwd file has the same values
	for _, name := range launcher.names {
		switch {
		case slices.Contains(ofPod, name), ofMPI.MatchString(name), ofUser && slices.Contains(homeEnv, name), launcher.ofOnePod(name):
		case isTrusted(name) && in.Intent.GitSync != nil: // added below, because git-sync writes them later
		default:
			names = append(names, name)
		}
	}
	if in.Intent.GitSync != nil {
		for _, variable := range trustRepository {
			names = append(names, variable.Name)
		}
	}
	return names
}

func isTrusted(name string) bool {
	return slices.ContainsFunc(trustRepository, func(v corev1.EnvVar) bool { return v.Name == name })
}

// variables are those of a main container. The last one of a name counts.
type variables struct {
	names  []string
	byName map[string]corev1.EnvVar
	pod    map[string]bool // what ofOnePod has found out
}

func variablesOf(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType) variables {
	all := variables{byName: map[string]corev1.EnvVar{}, pod: map[string]bool{}}
	template, present := mpijob.TemplateOf(job, role)
	if !present {
		return all
	}
	for _, variable := range mainOf(template.PodTemplateSpec).Env {
		if _, known := all.byName[variable.Name]; !known {
			all.names = append(all.names, variable.Name)
		}
		all.byName[variable.Name] = variable
	}
	return all
}

// hasSame reports whether a variable is the same in both roles, and so is each that its value refers to. compared has
// what it has found out.
func (v variables) hasSame(other variables, name string, compared map[string]bool) bool {
	if found, known := compared[name]; known {
		return found
	}
	compared[name] = true // also ends a circle of references
	mine, present := v.byName[name]
	its, presentThere := other.byName[name]
	same := present == presentThere && equality.Semantic.DeepEqual(mine, its)
	for _, found := range reference.FindAllStringSubmatch(mine.Value, -1) {
		same = same && (found[1] == "" || v.hasSame(other, found[1], compared))
	}
	compared[name] = same
	return same
}

// ofOnePod reports whether the value of a variable is a field of the pod, or refers to one that is.
func (v variables) ofOnePod(name string) bool {
	if found, known := v.pod[name]; known {
		return found
	}
	v.pod[name] = slices.Contains(ofPod, name) // also ends a circle of references
	variable := v.byName[name]
	if from := variable.ValueFrom; from != nil {
		v.pod[name] = from.FieldRef != nil || from.ResourceFieldRef != nil
	}
	for _, found := range reference.FindAllStringSubmatch(variable.Value, -1) {
		v.pod[name] = v.pod[name] || found[1] != "" && v.ofOnePod(found[1])
	}
	return v.pod[name]
}

// warnEnvironment warns about variables that do not reach the ranks. Hydra forwards all by itself.
func warnEnvironment(job *v2beta1.MPIJob, in Input) []string {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil || isHydra(job) {
		return nil
	}
	var warnings []string
	path, env := launcher.MainPath(), environmentOf(job, in)
	if len(launcher.Main().EnvFrom) > 0 {
		warnings = append(warnings, path.Child("envFrom").String()+": the ranks do not get these variables: name them in env, or use mpirun -x")
	}
	if worker, _ := mpijob.TemplateOf(job, mpijob.Worker); worker.PodTemplateSpec != nil && worker.Main() != nil && !startsSSHD(worker.Main()) {
		env.lost, env.kept = append(env.lost, env.kept...), nil
	}
	if len(env.lost) > 0 {
		warnings = append(warnings, path.Child("env").String()+": the ranks do not get "+listed(env.lost)+
			": a name may have only letters, digits and '_'; "+strings.Join(bySSHD, ", ")+
			" and variables beyond the first 100 also need the same value in a worker without a command of its own")
	}
	if len(env.sent) > 0 && !acceptsEnvironment(job, in) {
		warnings = append(warnings, path.Child("env").String()+": the ranks might not get "+listed(env.sent)+
			": let the sshd that the worker's command starts accept them (AcceptEnv), or use mpirun -x")
	}
	return warnings
}

const mostListed = 5

// listed returns the first names of a list.
func listed(names []string) string {
	if len(names) > mostListed {
		return strings.Join(names[:mostListed], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
