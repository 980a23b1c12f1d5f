package forgery

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// connect tries to connect to a pod as kubectl does, without switching protocols: there is no node to connect to.
func connect(t *testing.T, user *env.User, namespace, pod, subresource string) error {
	t.Helper()
	clients, err := kubernetes.NewForConfig(user.Config)
	if err != nil {
		t.Fatal(err)
	}
	request := clients.CoreV1().RESTClient().Get()
	if subresource != "proxy" {
		request = clients.CoreV1().RESTClient().Post()
	}
	return request.Namespace(namespace).Resource("pods").Name(pod).SubResource(subresource).
		Param("command", "id").Param("stdout", "true").MaxRetries(0).Do(t.Context()).Error()
}

// tokenOf returns a user who may do everything with pods, so that only the product can refuse.
func tokenOf(t *testing.T, claims map[string]any) *env.User {
	t.Helper()
	token, err := broker.Token(claims)
	if err != nil {
		t.Fatal(err)
	}
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	permitEverybody(t)
	return user
}

// podAs returns a pod that runs as a user.
func podAs(namespace, name string, uid, gid int64, groups ...int64) *corev1.Pod {
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{RunAsUser: &uid, RunAsGroup: &gid, SupplementalGroups: groups},
		Containers:      []corev1.Container{{Name: "mpi", Image: "example/train"}},
	}}
	pod.Namespace, pod.Name = namespace, name
	return pod
}

// Nobody enters a pod that runs as somebody else, in any way that leads into it.
func TestT60Sessions(t *testing.T) {
	namespace, alice, bob := product.AddProject(t, "t60", required), tokenOf(t, alices), tokenOf(t, bobs)
	nobody := tokenOf(t, map[string]any{"preferred_username": "carol", "sub": "c-3"})
	ordinary := product.AddProject(t, "t60-optional", v1alpha1.ProjectSpec{})
	suite.Create(t, product.Client, podAs(namespace, "alices", 1234567, 54000, 60001, 60002))
	suite.Create(t, product.Client, podAs(namespace, "bobs", 1001, 1001))
	suite.Create(t, product.Client, podAs(namespace, "of-others", 1234567, 54000, 60003))
	mixed := podAs(namespace, "mixed", 1234567, 54000)
	uid := int64(1001)
	mixed.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &uid}
	suite.Create(t, product.Client, mixed)
	suite.Create(t, product.Client, podAs(ordinary, "bobs", 1001, 1001))
	suite.Eventually(t, "the API server asks the webhook", suite.Soon, func() error {
		return suite.Refused(connect(t, bob, namespace, "alices", "exec"), "you can only enter pods that run as you")
	})
	for _, subresource := range []string{"exec", "attach", "portforward", "proxy"} {
		for _, test := range []struct {
			user   *env.User
			name   string
			reason string // "": allowed
		}{
			{alice, "alices", ""},
			{bob, "bobs", ""},
			{bob, "alices", "pod alices runs as uid=1234567"},
			{alice, "bobs", "pod bobs runs as uid=1001"},
			{alice, "of-others", "group 60003"},
			{alice, "mixed", "container mpi of pod mixed"},
			{nobody, "alices", "the cluster has no UID and GID for saml:carol"},
			{product.User, "alices", "the cluster has no UID and GID for"},
		} {
			err := connect(t, test.user, namespace, test.name, subresource)
			if test.reason == "" && (err == nil || isRefusal(err)) || test.reason != "" && suite.Refused(err, test.reason) != nil {
				t.Errorf("%s of %s: got %v, want %q", subresource, test.name, err, test.reason)
			}
		}
		if err := connect(t, alice, ordinary, "bobs", subresource); isRefusal(err) {
			t.Errorf("%s in a namespace that does not require an identity: %v", subresource, err)
		}
	}
	for _, name := range []string{"alices:8888", "https:alices:8888", "http:alices:"} {
		if err := suite.Refused(connect(t, bob, namespace, name, "proxy"), "pod alices runs as uid=1234567"); err != nil {
			t.Errorf("proxy of %s: %v", name, err)
		}
	}
	if err := connect(t, bob, namespace, "absent", "exec"); !apierrors.IsNotFound(err) {
		t.Errorf("a pod that does not exist: %v", err)
	}
}

// Whoever enters a colleague's job with runai reads why not, in one line.
func TestT60SessionsOfRunai(t *testing.T) {
	namespace, alice, bob := product.AddProject(t, "t60-runai", required), login(t, broker, alices), tokenOf(t, bobs)
	suite.Create(t, alice, suspended("train", namespace)) // or the operator would make a second launcher
	launcher := podAs(namespace, "train-launcher", 1234567, 54000)
	launcher.Labels = map[string]string{v2beta1.JobNameLabel: "train", v2beta1.JobRoleLabel: "launcher"}
	suite.Create(t, product.Client, launcher)
	before := launcher.DeepCopy()
	launcher.Status.Phase = corev1.PodRunning
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	launcher.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", State: running}}
	if err := product.Client.Status().Patch(t.Context(), launcher, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	want := "runai: pod train-launcher runs as uid=1234567 gid=54000, and you are uid=1001(bob) gid=1001 groups=1001: " +
		"you can only enter pods that run as you\n"
	suite.Eventually(t, "runai says why bob cannot enter alice's job", suite.Soon, func() error {
		_, stderr, code := product.RunaiAs(t, bob.Kubeconfig(), "exec", "train", "-n", namespace, "--", "id")
		if stderr != want || code != 1 {
			return fmt.Errorf("exit code %d, got %q, want %q", code, stderr, want)
		}
		return nil
	})
}

// isRefusal reports whether the webhook refused a session. Without a node, the API server cannot open one.
func isRefusal(err error) bool {
	return err != nil && (apierrors.IsForbidden(err) || strings.Contains(err.Error(), "admission webhook"))
}

// While no webhook answers, nobody enters a pod.
func TestT61SessionsWhileDown(t *testing.T) {
	namespace, alice := product.AddProject(t, "t61", required), tokenOf(t, alices)
	suite.Create(t, product.Client, podAs(namespace, "alices", 1234567, 54000))
	suite.Create(t, product.Client, podAs(namespace, "bobs", 1001, 1001))
	suite.Eventually(t, "the API server asks the webhook", suite.Soon, func() error {
		return suite.Refused(connect(t, alice, namespace, "bobs", "exec"), "you can only enter pods that run as you")
	})
	if err := product.Webhook.Stop(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := product.StartWebhook(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}()
	for _, name := range []string{"alices", "bobs"} {
		err := connect(t, alice, namespace, name, "exec")
		if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
