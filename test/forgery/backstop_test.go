package forgery

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// kueue is a controller of the chart's defaults.
const kueue = "system:serviceaccount:kueue-system:kueue-controller-manager"

// applyBackstop creates some of the chart's admission policies until the end of the test.
func applyBackstop(t *testing.T, policies ...string) {
	t.Helper()
	for _, object := range renderBackstop(t, "policy.identity.trustedSources={keycloak-hpc,careless}",
		"policy.identity.localhostProfiles={mpi.json}",
		"policy.identity.runtimeClassNames={kata}", "policy.sharedStorage.hostPaths={/scratch}",
		"policy.sharedStorage.nfs={nas:/export/scratch}", "policy.sharedStorage.csiDrivers={vault.example.com}",
		"policy.restrictions.hostIPC=Deny") {
		if slices.Contains(policies, strings.TrimPrefix(object.GetName(), backstopPrefix)) {
			suite.Create(t, product.Client, object)
			t.Cleanup(func() { _ = product.Client.Delete(context.WithoutCancel(t.Context()), object) })
		}
	}
}

// backstopPrefix begins the names of the policies and bindings.
const backstopPrefix = "runai-mpi-backstop-"

// renderBackstop returns the chart's admission policies with some values. Here, Kubernetes' controllers act as
// the administrator.
func renderBackstop(t *testing.T, values ...string) []client.Object {
	t.Helper()
	here, err := whoami(t.Context(), product.Client)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--set", "backstop.enabled=true",
		"--set", "backstop.controllers={" + here.Username + "," + kueue + ",system:serviceaccount:kube-system:*}",
	}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	objects, err := chart.Render(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	var policies []client.Object
	for _, object := range objects {
		if strings.HasPrefix(object.GetName(), backstopPrefix) {
			policies = append(policies, object)
		}
	}
	return policies
}

// The API server understands the policies with other values of the cluster policy, too.
func TestBackstopOfOtherClusterPolicies(t *testing.T) {
	for _, values := range [][]string{
		{"policy.identity.sources={Directory}", "policy.identity.supplementalGroupsPolicy=Off", "policy.sharedStorage.subPaths=Allow"},
		{"policy.identity.claims.groups=", "policy.identity.podAnnotations={a}", "policy.restrictions.hostIPC=Deny",
			"policy.restrictions.hostPath=Deny"},
		{`policy.sharedStorage.hostPaths={/a'b,/a\"b,/a\\b}`, "policy.identity.claims.uid=a'b", "formerProjectLabels={a}"},
	} {
		for _, policy := range renderBackstop(t, values...) {
			if err := product.Client.Create(t.Context(), policy, client.DryRunAll); err != nil {
				t.Errorf("%s: %s: %s", values, policy.GetName(), err)
			}
		}
	}
}

// as returns a client that acts as a controller, with all permissions.
func as(t *testing.T, username string) client.Client {
	t.Helper()
	user, err := product.Impersonate(rest.ImpersonationConfig{UserName: username, Groups: []string{"system:masters"}})
	if err != nil {
		t.Fatal(err)
	}
	return product.ClientOf(t, user)
}

// confinedPod returns a pod that runs as alice, and has all that the policies demand.
func confinedPod(namespace string) *corev1.Pod {
	yes, no, strict := true, false, corev1.SupplementalGroupsPolicyStrict
	pod := podAs(namespace, "tried", 1234567, 54000, 60001, 60002)
	pod.Spec.SecurityContext.RunAsNonRoot, pod.Spec.SecurityContext.SupplementalGroupsPolicy = &yes, &strict
	pod.Spec.SecurityContext.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no,
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_BIND_SERVICE"}},
	}
	pod.Spec.InitContainers = []corev1.Container{*pod.Spec.Containers[0].DeepCopy()}
	pod.Spec.InitContainers[0].Name = "init"
	return pod
}

// A podAttempt is a change to a pod, and the reason why the pod is refused.
type podAttempt struct {
	name   string
	change func(*corev1.Pod)
	reason string
}

// tryPods makes every attempt with the pod of a user as a dry run. The pod without a change is accepted.
func tryPods(t *testing.T, user client.Client, pod *corev1.Pod, attempts []podAttempt) {
	t.Helper()
	for i, a := range attempts {
		tried := pod.DeepCopy()
		a.change(tried)
		attempt := func() error {
			return suite.Refused(user.Create(t.Context(), tried.DeepCopy(), client.DryRunAll), a.reason)
		}
		if i == 0 {
			suite.Eventually(t, "the policies are active", suite.Soon, attempt)
		} else if err := attempt(); err != nil {
			t.Errorf("%s: %s", a.name, err)
		}
	}
	if err := user.Create(t.Context(), pod.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("without a change: %s", err)
	}
}

// accepts asserts that a user may create pods with these changes.
func accepts(t *testing.T, user client.Client, pod *corev1.Pod, changes map[string]func(*corev1.Pod)) {
	t.Helper()
	for name, change := range changes {
		tried := pod.DeepCopy()
		change(tried)
		if err := user.Create(t.Context(), tried, client.DryRunAll); err != nil {
			t.Errorf("%s: %s", name, err)
		}
	}
}

// inEach returns an attempt in the container and the init container of a pod.
func inEach(name, reason string, change func(*corev1.SecurityContext)) []podAttempt {
	return []podAttempt{
		{name, func(p *corev1.Pod) { change(p.Spec.Containers[0].SecurityContext) }, reason},
		{name + " (init)", func(p *corev1.Pod) { change(p.Spec.InitContainers[0].SecurityContext) }, reason},
	}
}

func podAnnotated(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { metav1.SetMetaDataAnnotation(&p.ObjectMeta, key, value) }
}
