package backstop

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// values are those with which the chart is installed here.
const values = "image: {repository: registry.example.com/runai-webhook}\nbackstop: {enabled: true, operator: " + operator + "}\n"

// The ends of the names of policies and bindings, as the API server quotes them.
const (
	objectsEnd = "'"
	filesEnd   = ".static.k8s.io'"
)

// Nobody runs as a colleague through any kind that makes pods, whether the policies are objects or files. As files, they
// stay when an administrator deletes whatever the API lets them delete.
func TestT58Kinds(t *testing.T) {
	addNode(t)
	namespace := product.AddProject(t, "team-a", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	us := people{login(t, alice), login(t, bob)}
	become := func() error { return us.create(t, kinds[0], namespace, bob) }
	suite.Eventually(t, "the API server knows the objects", suite.Soon, func() error { return refusedBy(objectsEnd, become()) })
	suite.Create(t, product.ClientOf(t, us.colleague), pod(namespace, "bobs", bob))
	t.Run("as objects", func(t *testing.T) {
		us.useAll(t, namespace, "object")
		us.useThePage(t, namespace)
		t.Run("Kueue", us.queue)
		us.tryAll(t, namespace, objectsEnd)
		us.tryUpdates(t, namespace, "object", objectsEnd)
	})

	deleteAll(t, policies...)
	suite.Eventually(t, "without policies, alice becomes bob", suite.Soon, become)
	if err := files.WritePolicies(t.Context(), values); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the API server has read its files", suite.Soon, func() error { return refusedBy(filesEnd, become()) })
	t.Run("as files", func(t *testing.T) { us.useAll(t, namespace, "file") })

	t.Run("as files, after an administrator", func(t *testing.T) {
		if err := files.WriteWebhooks(product.WebhookAddress(), product.WebhookAuthority()); err != nil {
			t.Fatal(err)
		}
		deleteAll(t, append(policies, webhooks...)...)
		us.tryAll(t, namespace, filesEnd)
		us.tryUpdates(t, namespace, "file", filesEnd)
		us.tryWebhooks(t, namespace)
	})
}

// addNode adds a node, on which a DaemonSet makes a pod.
func addNode(t *testing.T) {
	t.Helper()
	room := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("110")}
	if err := product.AddNode(t.Context(), "node-1", nil, room); err != nil {
		t.Fatal(err)
	}
}

// People are alice, who tries to run as bob, and bob.
type people struct{ us, colleague *env.User }

// create tries to create an object of a kind, as alice, that runs as somebody.
func (p people) create(t *testing.T, k kind, namespace string, who identity) error {
	t.Helper()
	object := k.object(metav1.ObjectMeta{Namespace: namespace, Name: "attempt"}, who)
	return product.ClientOf(t, p.us).Create(t.Context(), object, client.DryRunAll)
}

// tryAll makes all attempts, which a policy whose name has this end must refuse.
func (p people) tryAll(t *testing.T, namespace, end string) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			if err := p.create(t, k, namespace, alice); err != nil {
				t.Errorf("one's own uid: %s", err)
			}
			if err := refusedBy(end, p.create(t, k, namespace, bob)); err != nil {
				t.Errorf("a colleague's uid: %s", err)
			}
		})
	}
	t.Run("kubectl", func(t *testing.T) { p.tryKubectl(t, namespace, end) })
}

// tryUpdates tries to give bob's ids to what useAll created, where the API lets templates be changed.
func (p people) tryUpdates(t *testing.T, namespace, suffix, end string) {
	t.Helper()
	user := product.ClientOf(t, p.us)
	for _, k := range kinds[2:] { // pods and Jobs keep their templates
		meta := metav1.ObjectMeta{Namespace: namespace, Name: nameOf(k, suffix)}
		suite.Eventually(t, "an update of "+k.name, suite.Soon, func() error { // controllers write the status meanwhile
			stored, changed := k.object(meta, alice), k.object(meta, bob)
			if err := user.Get(t.Context(), client.ObjectKeyFromObject(stored), stored); err != nil {
				return err
			}
			changed.SetResourceVersion(stored.GetResourceVersion())
			return refusedBy(end, user.Update(t.Context(), changed, client.DryRunAll))
		})
	}
}

// refusedBy returns an error unless a policy refused a request, whose name has this end.
func refusedBy(end string, answer error) error {
	if answer == nil {
		return errors.New("not refused")
	}
	_, after, found := strings.Cut(answer.Error(), "ValidatingAdmissionPolicy 'runai-mpi-backstop-")
	if name, _, _ := strings.Cut(after, " "); !found || !strings.HasSuffix(name, end) || (end == objectsEnd && strings.HasSuffix(name, filesEnd)) {
		return fmt.Errorf("refused otherwise: %w", answer)
	}
	return nil
}
