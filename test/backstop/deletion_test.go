package backstop

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// deletes deletes alice's job as she does, and waits until the garbage collector has removed what belonged to it.
func (p people) deletes(t *testing.T, namespace string, as form) {
	t.Helper()
	if _, stderr, code := product.RunaiAs(t, p.us.Kubeconfig(), "delete", jobOf(as), "-n", namespace); code != 0 {
		t.Errorf("runai delete: %s", stderr)
	}
	suite.Eventually(t, "the job's objects are gone", suite.Soon, func() error {
		if found := count(product.Pods(t, namespace), jobOf(as)+"-"); found > 0 {
			return fmt.Errorf("%d pods are left", found)
		}
		for name, object := range map[string]client.Object{"-config": &corev1.ConfigMap{}, "-ssh": &corev1.Secret{},
			"": &corev1.Service{}} {
			object.SetNamespace(namespace)
			object.SetName(jobOf(as) + name)
			if err := product.HasNo(t, object); err != nil {
				return err
			}
		}
		return nil
	})
}
