package integration

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// hold is a finalizer that stays until the test removes it.
const hold = "example.com/hold"

// isDeleted asserts that kubectl can delete the job named after the cascade, and that its pods go, too,
// unless they are orphaned.
func isDeleted(t *testing.T, namespace, cascade string) {
	pods := podsOf(t, product.Job(t, namespace, cascade)).all()
	suite.Kubectl(t, product.User, "", "delete", "mpijob", cascade, "-n", namespace, "--cascade="+cascade, "--timeout=30s")
	for _, pod := range pods {
		if cascade != "orphan" {
			isGone(t, &pod)
		}
	}
}

func isGone(t *testing.T, object client.Object) {
	t.Helper()
	suite.Eventually(t, object.GetName()+" is gone", suite.Soon, func() error { return product.HasNo(t, object) })
}

// holdUp creates a job with a finalizer, and a job that owns a ConfigMap with a finalizer, for which its
// foreground deletion waits.
func holdUp(t *testing.T, namespace string) {
	held := mpijobtest.MakeMPIJob("held", namespace).Obj()
	held.Finalizers = []string{hold}
	product.Create(t, held)
	waits := mpijobtest.MakeMPIJob("waits", namespace).Obj()
	product.Create(t, waits)
	yes := true
	thing := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "thing", Finalizers: []string{hold}}}
	thing.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind, Name: waits.Name, UID: waits.UID, BlockOwnerDeletion: &yes,
	}}
	product.Create(t, thing)
}

// namespaceIsDeleted deletes a namespace while its jobs are being deleted: everything must go once the
// finalizers are removed.
func namespaceIsDeleted(t *testing.T, name string) {
	suite.Kubectl(t, product.User, "", "delete", "--wait=false", "mpijob", "held", "waits", "-n", name, "--cascade=foreground")
	suite.Eventually(t, "only finalizers hold up the jobs", suite.Soon, func() error {
		left := [][]string{product.Job(t, name, "held").Finalizers, product.Job(t, name, "waits").Finalizers}
		if diff := cmp.Diff([][]string{{hold}, {metav1.FinalizerDeleteDependents}}, left); diff != "" {
			return fmt.Errorf("finalizers (-want +got):\n%s", diff)
		}
		return nil
	})
	suite.Kubectl(t, product.User, "", "delete", "--wait=false", "namespace", name)
	meta := metav1.ObjectMeta{Namespace: name}
	for object, of := range map[client.Object]string{
		&v2beta1.MPIJob{ObjectMeta: meta}: "held", &corev1.ConfigMap{ObjectMeta: meta}: "thing",
	} {
		object.SetName(of)
		if err := mergePatch(t, product.Client, object, `{"metadata":{"finalizers":null}}`); err != nil {
			t.Errorf("cannot remove the finalizer of %s: %s", of, err)
		}
	}
	isGone(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}
