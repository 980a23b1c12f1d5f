package backstop

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// submit submits a job as alice, whose workers want to run as somebody.
func (p people) submit(t *testing.T, namespace, name string, who identity) error {
	t.Helper()
	job := mpijobtest.MakeMPIJob(name, namespace).Template(v2beta1.MPIReplicaTypeWorker, func(template *corev1.PodTemplateSpec) {
		template.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &who.uid}
	}).Obj()
	return product.ClientOf(t, p.us).Create(t.Context(), job)
}

// useThePage creates the Deployment of the page as alice.
func (p people) useThePage(t *testing.T, namespace string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/backstop.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```yaml\napiVersion: apps/v1\n")
	block, _, found := strings.Cut(block, "```")
	if !found {
		t.Fatal("the page has no Deployment")
	}
	suite.Kubectl(t, p.us, "apiVersion: apps/v1\n"+block, "create", "--validate=strict", "--namespace="+namespace, "-f", "-")
}

// useAll uses every kind as alice, and waits for the pods that the real controllers make.
func (p people) useAll(t *testing.T, namespace string, as form) {
	t.Helper()
	if err := p.submit(t, namespace, jobOf(as), alice); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{jobOf(as) + "-": 2}
	for _, k := range kinds {
		name := nameOf(k, as)
		suite.Create(t, product.ClientOf(t, p.us), k.object(metav1.ObjectMeta{Namespace: namespace, Name: name}, alice))
		want[name] = k.pods
	}
	suite.Eventually(t, "the pods exist", suite.Soon, func() error {
		pods := product.Pods(t, namespace)
		for prefix, number := range want {
			if found := count(pods, prefix); found != number {
				return fmt.Errorf("%d pods of %s, want %d", found, prefix, number)
			}
		}
		return nil
	})
}

func jobOf(as form) string { return "job-" + string(as) }

func nameOf(k kind, as form) string { return k.name + "-" + string(as) }

func count(pods []corev1.Pod, prefix string) (found int) {
	for _, pod := range pods {
		if strings.HasPrefix(pod.Name, prefix) {
			found++
		}
	}
	return found
}
