package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const (
	agentName = "ssh" // mpirun looks at the name to know the options of its agent
	agentFile = filesDir + "/" + agentName

	launcherAddressEnv = "RUNAI_MPI_LAUNCHER_ADDRESS"
)

// agents are the variables in which each implementation of MPI looks for its agent.
var agents = map[v2beta1.MPIImplementation][]string{
	v2beta1.MPIImplementationOpenMPI: {"OMPI_MCA_plm_rsh_agent", "PRTE_MCA_plm_ssh_agent"}, // versions 4 and 5
	v2beta1.MPIImplementationMPICH:   {"HYDRA_LAUNCHER_EXEC"},
	v2beta1.MPIImplementationIntel:   {"I_MPI_HYDRA_BOOTSTRAP_EXEC"},
}

// The variables with which an author chooses an agent, or another way than ssh.
var (
	ownAgent = regexp.MustCompile(`^((OMPI|PRTE)_MCA_\w*_(rsh|ssh)_agent|(HYDRA|I_MPI_HYDRA)_(LAUNCHER|BOOTSTRAP)_EXEC)$`)
	otherWay = regexp.MustCompile(`^((OMPI|PRTE)_MCA_plm|(HYDRA|I_MPI_HYDRA)_(LAUNCHER|BOOTSTRAP))$`)
	// withAgents begin all of their names.
	withAgents = []string{"OMPI_MCA_", "PRTE_MCA_", "HYDRA_", "I_MPI_HYDRA_"}
)

// agentVariables are those of all implementations.
var agentVariables = slices.Concat(
	agents[v2beta1.MPIImplementationOpenMPI], agents[v2beta1.MPIImplementationMPICH], agents[v2beta1.MPIImplementationIntel])

func implementationOf(job *v2beta1.MPIJob) v2beta1.MPIImplementation {
	if job.Spec.MPIImplementation == "" {
		return v2beta1.MPIImplementationOpenMPI
	}
	return job.Spec.MPIImplementation
}

// isHydra reports whether the job's mpirun is hydra, which forwards the environment, and whose proxies call
// the launcher back.
func isHydra(job *v2beta1.MPIJob) bool {
	return implementationOf(job) != v2beta1.MPIImplementationOpenMPI
}

// ensureAgent makes mpirun call ssh through our script, unless the author has chosen how.
func ensureAgent(job *v2beta1.MPIJob) {
	launcher, present := mpijob.TemplateOf(job, mpijob.Launcher)
	if !present || launcher.Main() == nil || hasOwnAgent(launcher.Main()) || !hasAgent(launcher.PodTemplateSpec) {
		return
	}
	main := launcher.Main()
	for _, name := range agents[implementationOf(job)] {
		defaultEnv(main, corev1.EnvVar{Name: name, Value: agentFile})
	}
	if isHydra(job) {
		defaultEnv(main, corev1.EnvVar{Name: launcherAddressEnv, ValueFrom: &corev1.EnvVarSource{
			FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"},
		}})
	}
}

// hasOwnAgent reports whether the author's variables choose how mpirun calls ssh.
func hasOwnAgent(main *corev1.Container) bool {
	for _, variable := range main.Env {
		if !beginsWithAny(variable.Name, withAgents) {
			continue
		}
		if ownAgent.MatchString(variable.Name) && variable.Value != agentFile ||
			otherWay.MatchString(variable.Name) && variable.Value != "ssh" && variable.Value != "rsh" {
			return true
		}
	}
	return false
}

// hasAgent reports whether the script is among the files of a template.
func hasAgent(template *corev1.PodTemplateSpec) bool {
	return template.Annotations[agentScript.key] != ""
}

// agent returns the script. ssh does not read a key that others can read if it belongs to its user, as root's
// does outside of /root/.ssh: then it gets a copy. hydra's proxies call back the launcher's host name, which DNS
// has only when the launcher has been ready for a moment: they get its address. A launcher that works runs its own
// proxy without ssh. With withConfig, ssh reads our
// configuration. The variables of the script begin with _: ssh sends those of the job, which may have any name.
func agent(keys string, isHydra, withConfig bool) sshFile {
	var text strings.Builder
	text.WriteString("#!/bin/sh\n")
	if isHydra {
		text.WriteString(callBackByAddress)
	}
	if keys != "" {
		text.WriteString("_key=" + keys + "/id_rsa\n" + readableKey)
	}
	if withConfig {
		text.WriteString("exec ssh -F " + filesDir + "/ssh_config \"$@\"\n")
	} else {
		text.WriteString("exec ssh \"$@\"\n")
	}
	file := agentScript.with(text.String())
	file.executable = true
	return file
}

var agentScript = fileNamed(agentName)

const callBackByAddress = `_address=$` + launcherAddressEnv + `
read -r _host </proc/sys/kernel/hostname
_last=
case $_address in
*:* | '') ;; # hydra reads no IPv6 address
*)
  for _word; do
    shift
    case $_last,$_word in
    --control-port,"$_host":* | --control-port,"$_host".*:*) _word=$_address:${_word##*:} ;;
    --upstream-host,"$_host" | --upstream-host,"$_host".*) _word=$_address ;;
    esac
    set -- "$@" "$_word"
    _last=$_word
  done
  ;;
esac
_last=
for _word; do # hydra does not see that a host is its own
  case $_last,$_word in
  --upstream-host,*) ;;
  *,"$_host" | *,"$_host".*)
    while [ "$1" != "$_word" ]; do shift; done
    shift
    exec sh -c "$*"
    ;;
  esac
  _last=$_word
done
`

const readableKey = `case $(ls -lnL "$_key" 2>/dev/null) in
'' | -???------*) ;;
*)
  if [ -O "$_key" ]; then
    for _dir in "${TMPDIR:-/tmp}" /dev/shm; do
      _copy=$_dir/.runai-mpi-$HOSTNAME-$$
      (umask 077 && cp "$_key" "$_copy.new" && mv -f "$_copy.new" "${_copy%-*}") 2>/dev/null || continue
      set -- -i "${_copy%-*}" "$@"
      break
    done
  fi
  ;;
esac
`
