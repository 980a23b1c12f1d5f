package forgery

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// MPI Operator believes that an object belongs to a job if its owner has the job's UID, whatever kind the owner has.
func TestT53InventedOwners(t *testing.T) {
	namespace, bob := product.AddProject(t, "t53-owners", required), login(t, broker, bobs)
	const uid types.UID = "4b1d6f6a-6a5c-4e55-9a77-0d0e4f6b1c11"
	applyBackstop(t, "owned")
	objects := map[string]func() client.Object{
		"the scripts": func() client.Object { return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "dist1-config"}} },
		"the name of the workers": func() client.Object {
			made := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "dist1"}}
			made.Spec.Ports = []corev1.ServicePort{{Port: 22}}
			return made
		},
		"the launcher": func() client.Object {
			made := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "dist1-launcher"}}
			made.Spec.Template.Spec = confinedPod(namespace).Spec
			made.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
			return made
		},
		"a worker": func() client.Object {
			made := confinedPod(namespace)
			made.Name = "dist1-worker-0"
			return made
		},
	}
	owner := func(apiVersion, kind string, isController bool) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "x", UID: uid, Controller: &isController}}
	}
	create := func(object client.Object, apiVersion, kind string, isController bool) error {
		object.SetNamespace(namespace)
		object.SetOwnerReferences(owner(apiVersion, kind, isController))
		return bob.Create(t.Context(), object, client.DryRunAll)
	}
	product.PermitInCluster(t, suite.Everybody,
		install.Verbs("operators.example.com", []string{"policies/finalizers", "classes/finalizers"}, "update"))
	const reason = "remove the owner"
	suite.Eventually(t, "the policies are active", suite.Soon, func() error {
		return suite.Refused(create(objects["the scripts"](), "example.com/v1", "Invented", true), reason)
	})
	for name, object := range objects {
		for _, owner := range [][2]string{
			{"kubeflow.org/v2beta1", "MPIJob"}, {"kubeflow.org/v2beta1", "mpijob"},
			{"example.com/v1", "MPIJob"}, {"example.com/v1", "Invented"},
			{"v1", "ConfigMap"}, {"v1", "Invented"}, {"example.com/v1", "Policy"}, {"example.com/v1", "Class"},
			{"operators.example.com/v1", "Invented"},
		} {
			if err := suite.Refused(create(object(), owner[0], owner[1], true), reason); err != nil {
				t.Errorf("%s with the owner %s: %s", name, owner, err)
			}
		}
		for _, kind := range []string{"Policy", "Class"} {
			if err := create(object(), "operators.example.com/v1", kind, true); err != nil {
				t.Errorf("%s of an operator's %s: %s", name, kind, err)
			}
		}
		if err := create(object(), "example.com/v1", "Invented", false); err != nil {
			t.Errorf("%s with an owner that does not control it: %s", name, err)
		}
	}
	mine := suite.Create(t, bob, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "dist2-config", Namespace: namespace}})
	mine.OwnerReferences = owner("example.com/v1", "Invented", true)
	if err := suite.Refused(bob.Update(t.Context(), mine, client.DryRunAll), reason); err != nil {
		t.Errorf("an owner afterwards: %s", err)
	}
	if err := create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}}, "example.com/v1", "Invented", true); err != nil {
		t.Errorf("a name that MPI Operator does not look for: %s", err)
	}
}
