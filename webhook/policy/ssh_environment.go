package policy

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
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
	// ofMPI begin the names of MPI's own variables. mpirun passes them on where they belong, and a daemon on a worker
	// would take those of the launcher for its own.
	ofMPI = []string{"OMPI_", "OPAL_", "ORTE_", "PMIX_", "PMI_", "PRTE_", "PRRTE_", "HYDRA_", "HYDI_", "MPICH_", "MPIR_", "MPIEXEC_", "I_MPI_"}
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
	env.sent = make([]string, 0, min(len(launcher.env)+len(trustRepository), mostSent))
	for _, name := range namesForRanks(job, launcher, in) {
		set := worker.named(name) != nil
		if set && (!launcher.hasSame(worker, name, compared) || worker.ofOnePod(name)) {
			continue // the worker's own value is another one
		}
		switch {
		case !isPortable(name) || len(name) > longestName:
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
	names := make([]string, 0, len(launcher.env)+len(trustRepository))
	ofUser := wantsHome(job, in) && in.Identity != nil // the passwd file has the same values
	for _, name := range launcher.names() {
		switch {
		case slices.Contains(ofPod, name), beginsWithAny(name, ofMPI), ofUser && slices.Contains(homeEnv, name), launcher.ofOnePod(name):
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

// isPortable reports whether a shell can pass on a variable. No such name is a pattern for ssh.
func isPortable(name string) bool {
	for i := range len(name) {
		isLetter := 'a' <= name[i]|0x20 && name[i]|0x20 <= 'z' || name[i] == '_'
		if !isLetter && (i == 0 || name[i] < '0' || name[i] > '9') {
			return false
		}
	}
	return name != ""
}

func beginsWithAny(name string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(beginning string) bool { return strings.HasPrefix(name, beginning) })
}

func isTrusted(name string) bool {
	return slices.ContainsFunc(trustRepository, func(v corev1.EnvVar) bool { return v.Name == name })
}

// variables are those of a main container. The last one of a name counts.
type variables struct {
	env    []corev1.EnvVar
	byName map[string]*corev1.EnvVar // if there are many
	pod    map[string]bool           // what ofOnePod has found out about variables that refer to others
}

// fewVariables are found one by one as fast as in a map, which would be most of the memory here.
const fewVariables = 32

func variablesOf(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType) variables {
	template, present := mpijob.TemplateOf(job, role)
	if !present || template.Main() == nil {
		return variables{}
	}
	all := variables{env: template.Main().Env, pod: map[string]bool{}}
	if len(all.env) > fewVariables {
		all.byName = make(map[string]*corev1.EnvVar, len(all.env))
		for i := range all.env {
			all.byName[all.env[i].Name] = &all.env[i]
		}
	}
	return all
}

// named returns the variable with a name, or nil.
func (v variables) named(name string) *corev1.EnvVar {
	if v.byName != nil {
		return v.byName[name]
	}
	for i := range slices.Backward(v.env) {
		if v.env[i].Name == name {
			return &v.env[i]
		}
	}
	return nil
}

// names returns each name once.
func (v variables) names() []string {
	names := make([]string, 0, len(v.env))
	seen := make(map[string]bool, len(v.byName))
	for i := range v.env {
		name := v.env[i].Name
		if v.byName == nil && slices.Contains(names, name) || seen[name] {
			continue
		}
		names = append(names, name)
		if v.byName != nil {
			seen[name] = true
		}
	}
	return names
}

// hasSame reports whether a variable is the same in both roles, and so is each that its value refers to. compared has
// what it has found out.
func (v variables) hasSame(other variables, name string, compared map[string]bool) bool {
	mine, its := v.named(name), other.named(name)
	if mine == nil || its == nil || !refers(mine.Value) {
		return isSame(mine, its)
	}
	if found, known := compared[name]; known {
		return found
	}
	compared[name] = true // also ends a circle of references
	same := isSame(mine, its)
	for _, found := range reference.FindAllStringSubmatch(mine.Value, -1) {
		same = same && (found[1] == "" || v.hasSame(other, found[1], compared))
	}
	compared[name] = same
	return same
}

// refers reports whether a value may refer to other variables.
func refers(value string) bool { return strings.Contains(value, "$(") }

func isSame(mine, its *corev1.EnvVar) bool {
	if mine == nil || its == nil {
		return mine == its
	}
	if mine.ValueFrom == nil && its.ValueFrom == nil {
		return *mine == *its
	}
	return patch.Equal(mine, its)
}

// ofOnePod reports whether the value of a variable is a field of the pod, or refers to one that is.
func (v variables) ofOnePod(name string) bool {
	own, variable := slices.Contains(ofPod, name), v.named(name)
	if variable == nil {
		return own
	}
	if from := variable.ValueFrom; from != nil {
		own = from.FieldRef != nil || from.ResourceFieldRef != nil
	}
	if own || !refers(variable.Value) {
		return own
	}
	if found, known := v.pod[name]; known {
		return found
	}
	v.pod[name] = false // also ends a circle of references
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
