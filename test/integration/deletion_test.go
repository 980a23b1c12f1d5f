package integration

import (
	"context"
	"slices"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// hold is the finalizer of somebody who takes her time.
const hold = "example.com/hold"

// isDeleted deletes the job of the cascade's name; kubectl returns when it is gone.
func isDeleted(t *testing.T, namespace, cascade string) {
	pods := podsOf(t, get(t, namespace, cascade)).all()
	if _, _, err := product.Kubectl(t.Context(), nil, "delete", "mpijob", cascade, "-n", namespace, "--cascade="+cascade, "--timeout=30s"); err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods {
		if cascade != "orphan" {
			isGone(t, &pod)
		}
	}
}

func isGone(t *testing.T, object client.Object) {
	t.Helper()
	eventually(t, object.GetName()+" is gone", func(ctx context.Context) bool {
		return apierrors.IsNotFound(product.Client.Get(ctx, client.ObjectKeyFromObject(object), object))
	})
}

// holdUp makes a job whose deletion somebody holds up, and a job whose deletion in the foreground waits
// for a thing of its own that somebody holds up.
func holdUp(t *testing.T, namespace string) {
	held := mpijobtest.MakeMPIJob("held", namespace).Obj()
	held.Finalizers = []string{hold}
	create(t, held)
	waits := mpijobtest.MakeMPIJob("waits", namespace).Obj()
	create(t, waits)
	yes := true
	thing := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "thing", Finalizers: []string{hold}}}
	thing.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v2beta1.SchemeGroupVersion.String(), Kind: v2beta1.Kind, Name: waits.Name, UID: waits.UID, BlockOwnerDeletion: &yes,
	}}
	if err := product.Client.Create(t.Context(), thing); err != nil {
		t.Fatal(err)
	}
}

// namespaceIsDeleted while its jobs are: all of it goes when nobody holds anything up any more.
func namespaceIsDeleted(t *testing.T, name string) {
	kubectl := func(args ...string) {
		if _, _, err := product.Kubectl(t.Context(), nil, append([]string{"delete", "--wait=false"}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	kubectl("mpijob", "held", "waits", "-n", name, "--cascade=foreground")
	eventually(t, "only what is held up is left", func(context.Context) bool {
		return slices.Equal(get(t, name, "held").Finalizers, []string{hold}) &&
			slices.Equal(get(t, name, "waits").Finalizers, []string{metav1.FinalizerDeleteDependents})
	})
	kubectl("namespace", name)
	meta := metav1.ObjectMeta{Namespace: name}
	for object, of := range map[client.Object]string{&v2beta1.MPIJob{ObjectMeta: meta}: "held", &corev1.ConfigMap{ObjectMeta: meta}: "thing"} {
		object.SetName(of)
		if err := product.Client.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
			t.Errorf("%s is held up for ever: %s", of, err)
		}
	}
	isGone(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}
