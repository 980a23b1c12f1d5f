package backstop

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// attempts are what kubectl makes, or does to a pod that runs.
var attempts = []struct {
	name, command string
	own           bool // whether one may do it to a pod of one's own
}{
	{"a copy", "debug POD --image=example/shell --profile=restricted --copy-to=copy-of-POD", true},
	{"a copy with another image", "debug POD --copy-to=other-POD --set-image=*=example/shell", true},
	{"a pod that enters the node", "debug node/node-1 --image=example/shell --profile=sysadmin", false},
	{"a pod without ids", "run copy-of-POD --image=example/shell", false},
	{"a Deployment without ids", "create deployment copy-of-POD --image=example/shell", false},
	{"an ephemeral container", "debug POD --image=example/shell --profile=restricted", false},
	{"an ephemeral container in a container", "debug POD --image=example/shell --profile=general --target=main", false},
	{"another image", "set image pod/POD main=example/shell", false},
	{"an annotation", "annotate pod/POD run.oci.keep_original_groups=1", false},
	{"an owner", `patch pod/POD -p {"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"a","uid":"1"}]}}`, false},
	{"a label by which a Job finds its pods", "label pod/POD batch.kubernetes.io/controller-uid=x", false},
	{"a label of the operator's", "label pod/POD training.kubeflow.org/job-name=dist1", false},
}

// tryKubectl makes the attempts with the real kubectl, as alice: with a pod of bob's, and with one of her own.
func (p people) tryKubectl(t *testing.T, namespace string, as form) {
	t.Helper()
	suite.Create(t, product.ClientOf(t, p.us), pod(namespace, "alices", alice))
	defer suite.Kubectl(t, p.us, "", "delete", "pods", "-n", namespace, "alices", "copy-of-alices", "other-alices")
	for _, attempt := range attempts {
		for _, name := range []string{"bobs", "alices"} {
			args := strings.Fields(strings.ReplaceAll(attempt.command, "POD", name))
			_, _, err := p.us.Kubectl(t.Context(), nil, append(args, "--namespace="+namespace)...)
			if attempt.own && name == "alices" {
				if err != nil {
					t.Errorf("%s, of one's own pod: %s", attempt.name, err)
				}
				continue
			}
			if err := refusedBy(as, err); err != nil {
				t.Errorf("%s, of the pod %s: %s", attempt.name, name, err)
			}
		}
	}
}

func pod(namespace, name string, who identity) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: template(who).Spec}
}
