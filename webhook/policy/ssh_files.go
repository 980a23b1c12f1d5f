package policy

import (
	"fmt"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/annotations"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

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

// sshConfig returns the client's configuration. It applies to the job's own hosts only.
func sshConfig(job *v2beta1.MPIJob, keys string, port int32) string {
	name := job.Name
	if job.GenerateName != "" {
		name = "" // the API server sets the name between the mutating and the validating webhook
	}
	hosts := orAny(name) + "." + orAny(job.Namespace) + ".svc"
	return fmt.Sprintf("Host *.%s *.%s.*\n  Port %d\n  IdentityFile %s/id_rsa\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n",
		hosts, hosts, port, keys)
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
func sshdConfig(keys string, port int32) string {
	return fmt.Sprintf("Port %d\nHostKey %s/id_rsa\nAuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\n", port, keys, keys)
}
