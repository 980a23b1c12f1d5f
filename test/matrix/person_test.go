package matrix

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// values is the Secret and the ConfigMap that jobs refer to.
const values = "values"

// A person is a user who submits jobs.
type person struct {
	name   string // as the API server knows it
	user   *env.User
	client client.Client
}

// newPerson returns a user with an identity that no image knows.
func newPerson(t *testing.T, name string, uid int64) *person {
	t.Helper()
	subject := name + "@example.com"
	user, err := product.AddUser(subject)
	if err != nil {
		t.Fatal(err)
	}
	entry := &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: name}}
	entry.Spec = v1alpha1.PosixIdentitySpec{Subject: subject, UID: uid, GID: 54000, SupplementalGroups: []int64{60001}}
	product.Create(t, entry)
	return &person{subject, user, product.ClientOf(t, user)}
}

// addProject adds a project with real nodes, in which a person may submit jobs.
func (p *person) addProject(t *testing.T, name string) (namespace string) {
	t.Helper()
	real := v1alpha1.NodeAffinity{Train: []string{lab.NodeType}, Interactive: []string{lab.NodeType}}
	namespace = product.AddProject(t, name, v1alpha1.ProjectSpec{NodeAffinity: real})
	product.AddResearcher(t, namespace, p.name)
	meta := metav1.ObjectMeta{Namespace: namespace, Name: values}
	product.Create(t,
		&corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"token": token}},
		&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"setting": setting}})
	return namespace
}
