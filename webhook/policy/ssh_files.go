package policy

import (
	"fmt"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/annotations"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// passwdFile has the user, and those that programs look up whatever runs. No image's user is left who
// could have the same ids.
func passwdFile(user *annotations.Identity) string {
	return "root:x:0:0:root:/root:/bin/sh\n" +
		"sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n" +
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" +
		fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", user.UserName, user.UID, user.GID, user.Home)
}

// groupFile names each of the user's groups, so that no program complains of a number.
func groupFile(user *annotations.Identity) string {
	var text strings.Builder
	text.WriteString("root:x:0:\nnogroup:x:65534:\n")
	fmt.Fprintf(&text, "%s:x:%d:\n", user.UserName, user.GID)
	for _, group := range user.Groups {
		fmt.Fprintf(&text, "g%d:x:%d:%s\n", group, group, user.UserName)
	}
	return text.String()
}

// sshConfig is the client's, for the job's own hosts only: elsewhere ssh behaves as before.
func sshConfig(job *v2beta1.MPIJob, keys string, port int32) string {
	name := job.Name
	if job.GenerateName != "" {
		name = "" // the API server makes the name between the mutating and the validating webhook
	}
	hosts := orAny(name) + "." + orAny(job.Namespace) + ".svc"
	return fmt.Sprintf("Host *.%s *.%s.*\n  Port %d\n  IdentityFile %s/id_rsa\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n",
		hosts, hosts, port, keys)
}

// orAny is a pattern for what is not known yet: the name of a job that has a generateName.
func orAny(name string) string {
	if name == "" {
		return "*"
	}
	return name
}

// sshdConfig is for an sshd that is not root: it can read neither the host keys of the image nor its
// shadow file, and logs nobody in but itself.
func sshdConfig(keys string, port int32) string {
	return fmt.Sprintf("Port %d\nHostKey %s/id_rsa\nAuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\n", port, keys, keys)
}
