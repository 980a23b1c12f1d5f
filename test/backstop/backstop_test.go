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
const values = "image: {repository: registry.example.com/runai-webhook}\nbackstop: {enabled: true}\n"

// A form is how the API server has the policies.
type form string

const (
	asObjects form = "objects"
	asFiles   form = "files"
)

// Nobody runs as a colleague through any kind that makes pods, whether the policies are objects or files. As files, they
// stay when an administrator deletes whatever the API lets them delete.
func TestT58Kinds(t *testing.T) {
	addNode(t)
	namespace := product.AddProject(t, "team-a", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	us := people{login(t, alice), login(t, bob)}
	become := func() error { return us.create(t, kinds[0], namespace, bob) }
	suite.Eventually(t, "the API server knows the objects", suite.Soon, func() error { return refusedBy(asObjects, become()) })
	suite.Create(t, product.ClientOf(t, us.colleague), pod(namespace, "bobs", bob))
	doctorSays(t, "objects")
	t.Run("as objects", func(t *testing.T) {
		us.useAll(t, namespace, asObjects)
		us.useThePage(t, namespace)
		t.Run("Kueue", us.queue)
		us.tryAll(t, namespace, asObjects)
		us.tryUpdates(t, namespace, asObjects)
		us.deletes(t, namespace, asObjects)
	})

	deleteAll(t, policies...)
	suite.Eventually(t, "without policies, alice becomes bob", suite.Soon, become)
	doctorSays(t, "none")
	if err := files.WritePolicies(t.Context(), values); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "the API server has read its files", suite.Soon, func() error { return refusedBy(asFiles, become()) })
	doctorSays(t, "files")
	t.Run("as files", func(t *testing.T) {
		us.useAll(t, namespace, asFiles)
		us.deletes(t, namespace, asFiles)
	})

	t.Run("as files, after an administrator", func(t *testing.T) {
		if err := files.WriteWebhooks(product.WebhookAddress(), product.WebhookAuthority()); err != nil {
			t.Fatal(err)
		}
		deleteAll(t, append(policies, webhooks...)...)
		us.tryAll(t, namespace, asFiles)
		us.tryUpdates(t, namespace, asFiles)
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

// tryAll makes all attempts, which a policy in this form must refuse.
func (p people) tryAll(t *testing.T, namespace string, as form) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			if err := p.create(t, k, namespace, alice); err != nil {
				t.Errorf("one's own uid: %s", err)
			}
			if err := refusedBy(as, p.create(t, k, namespace, bob)); err != nil {
				t.Errorf("a colleague's uid: %s", err)
			}
		})
	}
	t.Run("claims", func(t *testing.T) { p.tryClaims(t, namespace, as) })
	t.Run("kubectl", func(t *testing.T) { p.tryKubectl(t, namespace, as) })
}

// tryUpdates tries to give bob's ids to what useAll created, where the API lets templates be changed.
func (p people) tryUpdates(t *testing.T, namespace string, as form) {
	t.Helper()
	user := product.ClientOf(t, p.us)
	for _, k := range kinds[2:] { // pods and Jobs keep their templates
		meta := metav1.ObjectMeta{Namespace: namespace, Name: nameOf(k, as)}
		suite.Eventually(t, "an update of "+k.name, suite.Soon, func() error { // controllers write the status meanwhile
			stored, changed := k.object(meta, alice), k.object(meta, bob)
			if err := user.Get(t.Context(), client.ObjectKeyFromObject(stored), stored); err != nil {
				return err
			}
			changed.SetResourceVersion(stored.GetResourceVersion())
			return refusedBy(as, user.Update(t.Context(), changed, client.DryRunAll))
		})
	}
}

// refusedBy returns an error unless a policy in this form refused a request.
func refusedBy(as form, answer error) error {
	if answer == nil {
		return errors.New("not refused")
	}
	_, after, found := strings.Cut(answer.Error(), "ValidatingAdmissionPolicy 'runai-mpi-backstop-")
	name, _, _ := strings.Cut(after, "'")
	if isFile := strings.HasSuffix(name, ".static.k8s.io"); !found || isFile != (as == asFiles) {
		return fmt.Errorf("refused for another reason: %w", answer)
	}
	return nil
}
