package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// An sshFile is carried in an annotation of the pod template, because the webhook creates no ConfigMap.
type sshFile struct {
	name, content string
	key, field    string // the annotation, and the field of the pod that it is
	path          string // in the volume, if it is not the name
	mountPath     string // where it is mounted in addition to /etc/runai-mpi
	executable    bool
}

// fileNamed returns a file without its content.
func fileNamed(name string) sshFile {
	key := annotations.FilesPrefix + name
	return sshFile{name: name, key: key, field: "metadata.annotations['" + key + "']"}
}

func (f sshFile) with(content string) sshFile {
	f.content = content
	return f
}

func (f sshFile) storedAt(path string) sshFile {
	f.path = path
	return f
}

func (f sshFile) mountedAt(path string) sshFile {
	f.mountPath = path
	return f
}

// writeFiles writes the annotations, and returns the volume with the files.
func writeFiles(template mpijob.Template, files []sshFile) corev1.Volume {
	source := &corev1.DownwardAPIVolumeSource{Items: make([]corev1.DownwardAPIVolumeFile, 0, len(files))}
	fields := make([]corev1.ObjectFieldSelector, len(files))
	for i, file := range files {
		// rule T08 in test/forgery TestT08ForgedStamp: a passwd file of one's own
		// without: _ = metav1.ObjectMeta{}
		metav1.SetMetaDataAnnotation(&template.ObjectMeta, file.key, file.content)
		fields[i] = corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: file.field}
		item := corev1.DownwardAPIVolumeFile{Path: cmp.Or(file.path, file.name), FieldRef: &fields[i]}
		if file.executable {
			mode := int32(0o555)
			item.Mode = &mode
		}
		source.Items = append(source.Items, item)
	}
	return corev1.Volume{Name: filesVolume, VolumeSource: corev1.VolumeSource{DownwardAPI: source}}
}

// passwdFile has the user and the system users that programs always look up. It replaces the image's
// file, in which another user could have the same ids.
func passwdFile(user *annotations.Identity) string {
	return "root:x:0:0:root:/root:/bin/sh\n" +
		"sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n" +
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" +
		fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", user.UserName, user.UID, user.GID, user.Home)
}

// groupFile names each of the user's groups, because some programs complain about a gid without a name.
func groupFile(user *annotations.Identity) string {
	var text strings.Builder
	text.WriteString("root:x:0:\nnogroup:x:65534:\n")
	fmt.Fprintf(&text, "%s:x:%d:\n", user.UserName, user.GID)
	for _, group := range user.Groups {
		fmt.Fprintf(&text, "g%d:x:%d:%s\n", group, group, user.UserName)
	}
	return text.String()
}

// A clientConfig is the part of the ssh configuration for the job's hosts.
type clientConfig struct {
	hosts      []string // patterns
	port       int32    // 0: as the image says
	identities []string // files with keys, if not those that ssh tries by itself
	sent       []string // names of variables
}

func (c clientConfig) text() string {
	var text strings.Builder
	text.WriteString("Host " + strings.Join(c.hosts, " ") + "\n")
	if c.port != 0 {
		text.WriteString("  Port " + strconv.Itoa(int(c.port)) + "\n")
	}
	for _, file := range c.identities {
		text.WriteString("  IdentityFile " + file + "\n")
	}
	// Not among mpirun's own arguments for ssh: Open MPI 5 cuts them at a '=' when workers connect to each other.
	text.WriteString("  ConnectionAttempts 10\n")
	text.WriteString("  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n")
	writeLines(&text, "  SendEnv", c.sent)
	return text.String()
}

// namesOnALine keeps lines short: old releases of ssh read at most 1023 characters.
const namesOnALine = 5

// writeLines writes lines of an option with names.
func writeLines(text *strings.Builder, option string, names []string) {
	for line := range slices.Chunk(names, namesOnALine) {
		text.WriteString(option)
		for _, name := range line {
			text.WriteByte(' ')
			text.WriteString(name)
		}
		text.WriteByte('\n')
	}
}

// acceptedLines returns the lines with which sshd accepts variables.
func acceptedLines(names []string) string {
	var text strings.Builder
	writeLines(&text, "AcceptEnv", names)
	return text.String()
}

// fullHosts returns patterns for the names that the operator gives to the job's pods in the hostfile.
func fullHosts(job *v2beta1.MPIJob) []string {
	hosts := "*." + orAny(nameOf(job)) + "." + orAny(job.Namespace) + ".svc"
	return []string{hosts, hosts + ".*"}
}

// nameOf returns the job's name, or "" if the API server will set it between the two webhooks.
func nameOf(job *v2beta1.MPIJob) string {
	if job.GenerateName != "" {
		return ""
	}
	return job.Name
}

// orAny returns a pattern for a name that is not known yet, as with generateName.
func orAny(name string) string {
	if name == "" {
		return "*"
	}
	return name
}

// sshdConfig returns the configuration of an sshd that does not run as root: it can read neither the
// image's host keys nor its shadow file, and can log in only its own user.
func sshdConfig(keys string, port int32, accepted []string) string {
	return fmt.Sprintf("Port %d\nHostKey %s/id_rsa\nAuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\n", port, keys, keys) + acceptedLines(accepted)
}
