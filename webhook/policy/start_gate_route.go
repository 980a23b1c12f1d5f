package policy

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// A route is what a job says about how mpirun reaches the sshd of a worker.
type route struct {
	port      string   // "" if ssh knows it, nameOnly if it cannot be known
	patience  string   // the seconds after which a worker counts as ready even if it does not answer, or ""
	arguments []string // for mpirun's ssh
}

const (
	nameOnly = "name"
	// somePatience is for a launcher whose script or file may choose another port. It is three times as long as mpirun's
	// own ssh tries to connect.
	somePatience = "30"
)

var (
	// mpirunWord matches a command line that shows how mpirun is called.
	mpirunWord = regexp.MustCompile(`(^|[/\s;&|("'])(mpirun|mpiexec|orterun|prterun)([.\s"']|$)`)
	// otherAgent matches an option of mpirun that chooses how workers are reached.
	otherAgent = regexp.MustCompile(`\b(plm|pls|orte)_(rsh|ssh)_(agent|args)\b|\bplm\s|\s--?(launcher|bootstrap)(-exec\S*)?[\s=]`)
	// parameterFile matches an option of mpirun that names a file with others.
	parameterFile = regexp.MustCompile(`\s--?(tune|am|prtetune)[\s=]`)
	// sameAgent matches one that chooses what is the default.
	sameAgent = regexp.MustCompile(`\s--?(launcher|bootstrap)[\s=]+ssh\b|\bplm\s+(rsh|ssh)\b`)
)

// routeOf reads the command lines. A wrong guess never fails a job: it does not rely on what they may hide.
func routeOf(job *v2beta1.MPIJob, launcher mpijob.Template, in Input) route {
	if endsAfterOne(job) {
		return route{port: nameOnly}
	}
	if known := sshPortOf(job, in); known != 0 {
		return route{port: strconv.Itoa(int(known))} // an sshd listens there, whatever the launcher says
	}
	arguments, rest := sshArguments(wordsOf(launcher))
	text := sameAgent.ReplaceAllString(strings.Join(rest, " "), " ")
	switch {
	case otherAgent.MatchString(text), namedPort.MatchString(text):
		return route{port: nameOnly}
	case mpirunWord.MatchString(text) && !parameterFile.MatchString(text):
		return route{arguments: arguments}
	default:
		return route{patience: somePatience, arguments: arguments}
	}
}

// endsAfterOne reports whether sshd of the workers ends after one connection, which must be mpirun's.
func endsAfterOne(job *v2beta1.MPIJob) bool {
	worker, present := mpijob.TemplateOf(job, mpijob.Worker)
	if !present {
		return false
	}
	own, isSSHD := readSSHD(worker.Main())
	return isSSHD && own.has("d")
}

// wordsOf returns the command line of a main container, or nil if it is the image's.
func wordsOf(template mpijob.Template) []string {
	main := template.Main()
	return append(append([]string(nil), main.Command...), main.Args...)
}

// sshArguments returns the arguments that mpirun gives to ssh, as in "mpirun --mca plm_rsh_args '-p 2022'", and
// the other words.
func sshArguments(words []string) (arguments, rest []string) {
	for i := 0; i < len(words); i++ {
		if (words[i] == "plm_rsh_args" || words[i] == "plm_ssh_args") && i+1 < len(words) {
			arguments = append(arguments, strings.Fields(words[i+1])...)
			i++
			continue
		}
		rest = append(rest, words[i])
	}
	return arguments, rest
}
