package policy

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

const (
	filesVolume = "runai-files"
	filesDir    = "/etc/runai-mpi"
	keysDir     = "/etc/runai-mpi-ssh"
	operatorDir = "/etc/mpi"   // where the operator mounts the hostfile
	rootKeysDir = "/root/.ssh" // the CRD's default: readable by root only
	sshdPath    = "/usr/sbin/sshd"
	sshdFile    = filesDir + "/sshd_config"

	defaultSSHDFile = "/etc/ssh/sshd_config" // our configuration is mounted here, too
)

// longestKeysDir is the length of the longest path of the keys, which is copied into each template.
const longestKeysDir = 255

// plainPath matches a path that is safe to copy into a configuration of ssh.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// An sshFile is carried in an annotation of the pod template, because the webhook creates no ConfigMap.
type sshFile struct{ name, path string }

var sshFiles = []sshFile{
	{"passwd", "/etc/passwd"},
	{"group", "/etc/group"},
	{"ssh_config", "/etc/ssh/ssh_config"},
	{"sshd_config", defaultSSHDFile},
}

// ssh lets mpirun reach the workers as a user that the image does not know. It adds the user's passwd
// entry, and configurations of ssh and sshd with keys and a port that the user can use.
var ssh = Policy{
	Name: "ssh",
	Doc: Doc{
		Does: "Mounts small files that annotations of the pods carry: a passwd and a group file with the user, and configurations of ssh and sshd. " +
			"Moves the operator's keys from `" + rootKeysDir + "` to `" + keysDir + "`. In a worker without a command, starts sshd on the port `ssh.port`. " +
			"Adds a readiness probe to a worker that runs sshd. " +
			"A mount of the user's own over these files is refused, and so is an sshd with another configuration.",
		Applies: "To a job with an identity.",
		Reads:   []string{"ssh.port"},
	},
	AppliesTo: hasIdentity,
	Ensure:    ensureSSH,
	Owns: func(job *v2beta1.MPIJob, _ Input) Ownership {
		owned := Ownership{
			Volumes:     []string{filesVolume},
			Mounts:      []string{filesDir},
			Trees:       append(sshTrees(), keysDirOf(job)),
			Annotations: []string{annotations.FilesPrefix + "*"},
			Fields:      []string{"spec.sshAuthMountPath", "template.spec.containers[0].command", "template.spec.containers[0].readinessProbe"},
		}
		for _, file := range sshFiles {
			owned.Mounts = append(owned.Mounts, file.path)
		}
		return owned
	},
	Undo: undoSSH,
}

// sshTrees returns the paths at, above and below which nothing else may be mounted.
func sshTrees() []string { return []string{"/etc/passwd", "/etc/group", "/etc/ssh", filesDir} }

// keysDirOf returns where the operator mounts the keys of a job with an identity.
func keysDirOf(job *v2beta1.MPIJob) string {
	if keys := job.Spec.SSHAuthMountPath; keys != "" && paths.Absolute(keys) != rootKeysDir {
		return keys
	}
	return keysDir
}

func ensureSSH(job *v2beta1.MPIJob, in Input) field.ErrorList {
	keys := keysDirOf(job)
	job.Spec.SSHAuthMountPath = keys
	if !plainPath.MatchString(keys) || path.Clean(keys) != keys || len(keys) > longestKeysDir {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "sshAuthMountPath"), keys,
			fmt.Sprintf("must be a clean absolute path of at most %d letters, digits, '.', '_' and '-', "+
				"because it is copied into the ssh configuration", longestKeysDir))}
	}
	if paths.Overlaps(keys, append(sshTrees(), codeDir, operatorDir)) {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "sshAuthMountPath"), keys,
			"would hide files that "+identityAsker(in)+" adds: use another path or remove it")}
	}
	port := in.Cluster.SSH.Port
	contents := map[string]string{
		"passwd": passwdFile(in.Identity), "group": groupFile(in.Identity),
		"ssh_config": sshConfig(job, keys, port), "sshd_config": sshdConfig(keys, port),
	}
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensureFiles(template, contents, keys, identityAsker(in))...)
	}
	if worker, present := mpijob.TemplateOf(job, mpijob.Worker); present && worker.Main() != nil {
		errs = append(errs, ensureSSHD(worker, port)...)
	}
	return errs
}

func ensureFiles(template mpijob.Template, contents map[string]string, keys, asker string) field.ErrorList {
	main := template.Main()
	if main == nil {
		return nil
	}
	errs := ensureTrees(template.Containers()[0], append(sshTrees(), keys), filesVolume, asker)
	volume := corev1.Volume{Name: filesVolume, VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{}}}
	for _, file := range sshFiles {
		key := annotations.FilesPrefix + file.name
		// rule T08 in test/forgery TestT08ForgedStamp: a passwd file of one's own
		// without: _ = metav1.ObjectMeta{}
		metav1.SetMetaDataAnnotation(&template.ObjectMeta, key, contents[file.name])
		volume.DownwardAPI.Items = append(volume.DownwardAPI.Items, corev1.DownwardAPIVolumeFile{
			Path: file.name, FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: fmt.Sprintf("metadata.annotations['%s']", key)},
		})
	}
	if err := ensureVolume(template, volume, asker); err != nil {
		return append(errs, err)
	}
	for _, file := range sshFiles {
		ensureMount(main, corev1.VolumeMount{Name: filesVolume, MountPath: file.path, SubPath: file.name, ReadOnly: true})
	}
	ensureMount(main, corev1.VolumeMount{Name: filesVolume, MountPath: filesDir, ReadOnly: true})
	return errs
}

// ensureSSHD starts sshd in a worker without a command. It returns an error for the user's own sshd with
// another configuration: the launcher would not find its port.
func ensureSSHD(worker mpijob.Template, port int32) field.ErrorList {
	main := worker.Main()
	if len(main.Command) == 0 && len(main.Args) == 0 {
		main.Command = slices.Clone(ourSSHD)
	}
	words := slices.Concat(main.Command, main.Args)
	if path.Base(words[0]) != "sshd" {
		return nil // only its author knows what it does; an sshd of the image finds our configuration
	}
	if file := configurationOf(words); file != sshdFile && file != defaultSSHDFile {
		return field.ErrorList{field.Invalid(worker.MainPath().Child("command"), strings.Join(words, " "),
			"the launcher cannot connect to an sshd with a custom configuration: remove \"-f "+file+"\", or remove command and args to use the default sshd")}
	}
	if main.ReadinessProbe == nil {
		main.ReadinessProbe = listens(corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}})
	}
	return nil
}

// configurationOf returns the configuration file in the arguments of an sshd.
func configurationOf(words []string) string {
	for i, word := range words {
		switch file, joined := strings.CutPrefix(word, "-f"); {
		case joined && file != "":
			return file
		case joined && i+1 < len(words):
			return words[i+1]
		}
	}
	return defaultSSHDFile
}

// listens returns a probe that runs every second, because the launcher waits for its first success. It
// tolerates many failures: an unready worker would lose its name in DNS, and the job its rank.
func listens(handler corev1.ProbeHandler) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: handler, PeriodSeconds: 1, TimeoutSeconds: 5, FailureThreshold: 30}
}
