package policy

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

// longestKeysDir is the length of the longest path of the keys, which is copied into each template.
const longestKeysDir = 255

// plainPath matches a path that is safe to copy into a configuration of ssh.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// identityTrees returns the paths at, above and below which nothing else may be mounted.
func identityTrees() []string { return []string{"/etc/passwd", "/etc/group", "/etc/ssh", filesDir} }

// keysDirOf returns where the operator mounts the keys of a job with an identity.
func keysDirOf(job *v2beta1.MPIJob) string {
	if keys := job.Spec.SSHAuthMountPath; keys != "" && paths.Absolute(keys) != rootKeysDir {
		return keys
	}
	return keysDir
}

// identityFiles are mounted over the image's, which do not know the user.
var identityFiles = []sshFile{
	fileNamed("passwd").mountedAt("/etc/passwd"),
	fileNamed("group").mountedAt("/etc/group"),
	fileNamed("ssh_config").mountedAt("/etc/ssh/ssh_config"),
	fileNamed("sshd_config").mountedAt(defaultSSHDFile),
}

// ensureIdentitySSH replaces the files of the image, in which ssh would not find the user, and sshd would be
// that of root.
func ensureIdentitySSH(job *v2beta1.MPIJob, in Input) field.ErrorList {
	keys := keysDirOf(job)
	job.Spec.SSHAuthMountPath = keys
	if !plainPath.MatchString(keys) || path.Clean(keys) != keys || len(keys) > longestKeysDir {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "sshAuthMountPath"), keys,
			fmt.Sprintf("must be a clean absolute path of at most %d letters, digits, '.', '_' and '-', "+
				"because it is copied into the ssh configuration", longestKeysDir))}
	}
	if paths.Overlaps(keys, append(identityTrees(), codeDir, operatorDir)) {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "sshAuthMountPath"), keys,
			"would hide files that "+identityAsker(in)+" adds: use another path or remove it")}
	}
	var errs field.ErrorList
	port, env := in.Cluster.SSH.Port, environmentOf(job, in)
	if worker, present := mpijob.TemplateOf(job, mpijob.Worker); present && worker.Main() != nil {
		port, errs = ensureIdentitySSHD(job, worker, env, in)
	}
	files := filesWithIdentity(job, in, env, keys, port)
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensureFiles(template, in, files, append(identityTrees(), keys), identityAsker(in))...)
	}
	ensureAgent(job)
	return errs
}

func filesWithIdentity(job *v2beta1.MPIJob, in Input, env environment, keys string, port int32) []sshFile {
	files := slices.Clone(identityFiles)
	client := clientConfig{hosts: fullHosts(job), port: port, identities: []string{keys + "/id_rsa"}, sent: env.sent}
	for i, content := range []string{
		passwdFile(in.Identity), groupFile(in.Identity), client.text(), sshdConfig(keys, in.Cluster.SSH.Port, env.sent),
	} {
		files[i].content = content
	}
	if isHydra(job) { // others find ssh by themselves
		files = append(files, agent("", true, false))
	}
	return files
}

// ensureIdentitySSHD starts sshd in a worker without a command. It returns the port to which the launcher
// connects, and an error for the user's own sshd if the launcher could not log in to it.
func ensureIdentitySSHD(job *v2beta1.MPIJob, worker mpijob.Template, env environment, in Input) (int32, field.ErrorList) {
	var errs field.ErrorList
	main, port := worker.Main(), in.Cluster.SSH.Port
	if startsSSHD(main) {
		main.Command = startIdentitySSHD(env)
		errs = probesOfImagePort(worker, port)
	} else {
		own, isSSHD := readSSHD(main)
		if !isSSHD {
			// Only its author knows what it does. An sshd of the image finds our configuration.
			return cmp.Or(portInScript(main), port), nil
		}
		if errs := own.refused(worker, append(own.ends(), own.keepsOut(keysDirOf(job))...)); len(errs) > 0 {
			return port, errs
		}
		if listening := own.ports([]int32{port}); len(listening) > 0 && !slices.Contains(listening, port) {
			port = listening[0]
		}
	}
	for _, path := range portOfOthers(worker, port) {
		errs = append(errs, field.Invalid(path, port, "is the port of sshd in the same pod: use another port"))
	}
	if len(errs) == 0 {
		declareNodePort(worker, port)
	}
	return port, errs
}

// probesOfImagePort returns an error for each probe of the port that sshd has without our configuration: it would never
// pass, and WaitForWorkersReady would wait for ever.
func probesOfImagePort(worker mpijob.Template, port int32) field.ErrorList {
	const imagePort = 22
	var errs field.ErrorList
	main := worker.Main()
	for _, probe := range []struct {
		name string
		*corev1.Probe
	}{{"livenessProbe", main.LivenessProbe}, {"readinessProbe", main.ReadinessProbe}, {"startupProbe", main.StartupProbe}} {
		if probe.Probe == nil || probe.TCPSocket == nil || port == imagePort {
			continue
		}
		asked := probe.TCPSocket.Port
		named := slices.ContainsFunc(main.Ports, func(p corev1.ContainerPort) bool {
			return p.Name != "" && p.Name == asked.StrVal && p.ContainerPort == imagePort
		})
		if named || asked.IntVal == imagePort {
			errs = append(errs, field.Invalid(worker.MainPath().Child(probe.name, "tcpSocket", "port"), asked.String(),
				fmt.Sprintf("sshd of a job with an identity listens on port %d: use %d, or remove the probe", port, port)))
		}
	}
	return errs
}

// keepsOut returns why the launcher cannot log in to an sshd as a user that the image does not know, each with
// the remedy.
func (c *sshdCommand) keepsOut(keys string) []string {
	var reasons []string
	if file := c.file(); file != sshdFile && file != defaultSSHDFile {
		reasons = append(reasons, "the launcher cannot connect to an sshd with a custom configuration: remove \"-f "+file+
			"\", or remove command and args to use the default sshd")
	}
	needed := map[string]func(value string) bool{
		"usepam":               func(value string) bool { return strings.EqualFold(value, "no") }, // PAM does not know the user
		"strictmodes":          func(value string) bool { return strings.EqualFold(value, "no") },
		"pubkeyauthentication": func(value string) bool { return strings.EqualFold(value, "yes") },
		"authorizedkeysfile": func(value string) bool {
			return slices.Contains(strings.Fields(value), keys+"/authorized_keys")
		},
	}
	for _, option := range c.options { // of each keyword, the first one counts
		works := needed[option.keyword]
		delete(needed, option.keyword)
		if works != nil && !works(option.value) {
			reasons = append(reasons, "the launcher cannot log in to this sshd: remove \""+option.asWritten+"\"")
		}
	}
	return reasons
}
