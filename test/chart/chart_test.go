// Package chart checks that what the Helm chart renders has what the product needs.
package chart

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/golden"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

const valuesFile = "../../charts/runai-mpi/values.yaml"

func render(t *testing.T, args ...string) chart.Objects {
	t.Helper()
	objects, err := chart.Render(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func find[T any](t *testing.T, objects chart.Objects, kind, name string) *T {
	t.Helper()
	object := new(T)
	if err := objects.Find(kind, name, object); err != nil {
		t.Fatal(err)
	}
	return object
}

// policyOf returns the cluster policy as the webhook reads it.
func policyOf(t *testing.T, objects chart.Objects) *config.ClusterPolicy {
	t.Helper()
	policy, err := config.Parse([]byte(policyText(t, objects)))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func policyText(t *testing.T, objects chart.Objects) string {
	t.Helper()
	return find[appsv1.Deployment](t, objects, "Deployment", "").Spec.Template.Annotations["policy.run.ai/cluster-policy"]
}

// values.yaml repeats the default policy with its comments, so that administrators see every key.
func TestValuesHaveTheDefaultPolicy(t *testing.T) {
	data, err := os.ReadFile(valuesFile)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(data), "\npolicy:\n")
	_, keys, _ := strings.Cut(string(config.DefaultYAML()), "kind: "+config.Kind+"\n")
	golden.Compare(t, valuesFile, before+"\npolicy:\n"+documented(strings.TrimLeft(keys, "\n")))
}

// documented indents a policy, and marks the comment of each key that has a value for helm-docs.
func documented(keys string) string {
	lines := slices.Collect(strings.Lines(keys))
	comment := -1 // where the comment of the next key begins
	for i, line := range lines {
		text := strings.TrimSpace(line)
		switch isComment := strings.HasPrefix(text, "#"); {
		case isComment && comment < 0:
			comment = i
		case !isComment:
			if comment >= 0 && !strings.HasSuffix(text, ":") {
				lines[comment] = strings.Replace(lines[comment], "# ", "# -- ", 1)
			}
			comment = -1
		}
	}
	for i, line := range lines {
		if line != "\n" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "")
}

func TestDefaultPolicyArrives(t *testing.T) {
	if diff := cmp.Diff(config.Default(), policyOf(t, render(t))); diff != "" {
		t.Errorf("(-default +rendered):\n%s", diff)
	}
}

func TestValuesArrive(t *testing.T) {
	objects := render(t, "--set", "policy.identity.minUID=1000000", "--set", "policy.projectLabel=example.com/project",
		"--set", "policy.gpu.fractions=KAI", "--set", "policy.scheduling.schedulerName=kai-scheduler")
	policy := policyOf(t, objects)
	if policy.Identity.MinUID != 1_000_000 || policy.ProjectLabel != "example.com/project" {
		t.Errorf("minUID %d, label %s", policy.Identity.MinUID, policy.ProjectLabel)
	}
	webhook := find[admissionregistrationv1.MutatingWebhookConfiguration](t, objects, "MutatingWebhookConfiguration", "")
	if key := webhook.Webhooks[0].NamespaceSelector.MatchExpressions[0].Key; key != policy.ProjectLabel {
		t.Errorf("the webhook selects namespaces by %s, the policy says %s", key, policy.ProjectLabel)
	}
}

// Kubernetes before 1.33 may drop supplementalGroupsPolicy, which keeps the groups of images out: an
// administrator must turn it off to install the chart.
func TestOldKubernetesIsRefused(t *testing.T) {
	_, err := chart.Render(t.Context(), "--kube-version=1.32.5")
	if err == nil || !strings.Contains(err.Error(), "policy.identity.supplementalGroupsPolicy=Off") {
		t.Errorf("got %v", err)
	}
	render(t, "--kube-version=1.33.0")
	render(t, "--kube-version=1.32.5", "--set-string", "policy.identity.supplementalGroupsPolicy=Off")
}

// Nobody owns a registry that the chart could name.
func TestImageIsRequired(t *testing.T) {
	for _, args := range [][]string{{"--set", "image.repository="}, {"--set", "image.repository=null"}} {
		_, err := chart.Render(t.Context(), args...)
		if err == nil || !strings.Contains(err.Error(), "image.repository is required: push the image of runai-webhook to a registry") {
			t.Errorf("%v: got %v", args, err)
		}
	}
}

// The defaults work on any cluster, and give nobody a permission.
func TestDefaultsAreModest(t *testing.T) {
	objects := render(t)
	if class := find[appsv1.Deployment](t, objects, "Deployment", "").Spec.Template.Spec.PriorityClassName; class != "" {
		t.Errorf("the pods have the priority class %s", class)
	}
	for _, object := range objects {
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "kind: Group") {
			t.Errorf("%s %s is about groups of users:\n%s", object.GetKind(), object.GetName(), text)
		}
	}
	find[rbacv1.ClusterRoleBinding](t, render(t, "--set", "projectReaders={researchers}"), "ClusterRoleBinding", "runai-mpi-project-reader")
}

func TestWebhookFailsClosed(t *testing.T) {
	configuration := find[admissionregistrationv1.MutatingWebhookConfiguration](t, render(t), "MutatingWebhookConfiguration",
		"admission-runai-mpi")
	webhook := configuration.Webhooks[0]
	if *webhook.FailurePolicy != admissionregistrationv1.Fail || *webhook.TimeoutSeconds != 5 ||
		*webhook.ReinvocationPolicy != admissionregistrationv1.IfNeededReinvocationPolicy ||
		*webhook.SideEffects != admissionregistrationv1.SideEffectClassNone {
		t.Errorf("got %+v", webhook)
	}
}

// The certificate is for the name by which the API server calls the service, and its CA keeps its
// key when it is renewed.
func TestCertificates(t *testing.T) {
	objects := render(t)
	service := find[corev1.Service](t, objects, "Service", "runai-mpi")
	leaf := find[certmanagerv1.Certificate](t, objects, "Certificate", "runai-mpi-tls")
	ca := find[certmanagerv1.Certificate](t, objects, "Certificate", "runai-mpi-ca")
	issuer := find[certmanagerv1.Issuer](t, objects, "Issuer", leaf.Spec.IssuerRef.Name)
	webhook := find[admissionregistrationv1.MutatingWebhookConfiguration](t, objects, "MutatingWebhookConfiguration", "")
	deployment := find[appsv1.Deployment](t, objects, "Deployment", "")
	find[certmanagerv1.Issuer](t, objects, "Issuer", ca.Spec.IssuerRef.Name)
	for what, pair := range map[string][2]string{
		"the leaf's name":          {leaf.Spec.DNSNames[0], service.Name + "." + service.Namespace + ".svc"},
		"the called service":       {webhook.Webhooks[0].ClientConfig.Service.Name, service.Name},
		"the called namespace":     {webhook.Webhooks[0].ClientConfig.Service.Namespace, service.Namespace},
		"the injected CA":          {webhook.Annotations["cert-manager.io/inject-ca-from-secret"], ca.Namespace + "/" + ca.Spec.SecretName},
		"the permission for that":  {ca.Spec.SecretTemplate.Annotations["cert-manager.io/allow-direct-injection"], "true"},
		"the mounted Secret":       {volume(deployment, "tls").Secret.SecretName, leaf.Spec.SecretName},
		"the issuer's CA":          {issuer.Spec.CA.SecretName, ca.Spec.SecretName},
		"the rotation of the CA":   {string(ca.Spec.PrivateKey.RotationPolicy), string(certmanagerv1.RotationPolicyNever)},
		"the rotation of the leaf": {string(leaf.Spec.PrivateKey.RotationPolicy), string(certmanagerv1.RotationPolicyAlways)},
		"the service's selected app": {
			service.Spec.Selector["app.kubernetes.io/name"], deployment.Spec.Template.Labels["app.kubernetes.io/name"],
		},
	} {
		if pair[0] != pair[1] || pair[0] == "" {
			t.Errorf("%s: %q is not %q", what, pair[0], pair[1])
		}
	}
	if !ca.Spec.IsCA {
		t.Error("the certificate of the CA is not marked isCA")
	}
}

func volume(deployment *appsv1.Deployment, name string) corev1.VolumeSource {
	for _, volume := range deployment.Spec.Template.Spec.Volumes {
		if volume.Name == name {
			return volume.VolumeSource
		}
	}
	return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}}
}

// What a policy owns among the fields with which a queue steers a job must not change without the webhook.
func TestOwnedElementsAreJudged(t *testing.T) {
	webhook := find[admissionregistrationv1.MutatingWebhookConfiguration](t, render(t), "MutatingWebhookConfiguration", "").Webhooks[0]
	element := regexp.MustCompile(`^template\.spec\.(?:nodeSelector|tolerations|schedulingGates)\[(.*)\]$`)
	found := 0
	for _, p := range policy.Chain {
		if p.Owns == nil {
			continue
		}
		for _, field := range p.Owns(mpijobtest.MakeMPIJob("job", "runai-team-a").Obj(), policy.Input{Cluster: config.Default()}).Fields {
			match := element.FindStringSubmatch(field)
			if match == nil {
				continue
			}
			if found++; !strings.Contains(webhook.MatchConditions[0].Expression, "'"+match[1]+"'") {
				t.Errorf("%s owns %s, and the match condition does not name it", p.Name, field)
			}
		}
	}
	if found == 0 {
		t.Error("no policy owns such an element")
	}
}

// A replica that hangs gets no requests after 5 s. One that is stopped serves for 10 s more, and has time left for
// the last requests.
func TestReplicasComeAndGo(t *testing.T) {
	objects := render(t)
	deployment := find[appsv1.Deployment](t, objects, "Deployment", "")
	pod := deployment.Spec.Template.Spec
	webhook := find[admissionregistrationv1.MutatingWebhookConfiguration](t, objects, "MutatingWebhookConfiguration", "").Webhooks[0]
	ready, alive := pod.Containers[0].ReadinessProbe, pod.Containers[0].LivenessProbe
	if noticed := ready.PeriodSeconds*ready.FailureThreshold + ready.TimeoutSeconds; noticed > 5 {
		t.Errorf("a replica that hangs is noticed after %d s", noticed)
	}
	if restarted := alive.PeriodSeconds*alive.FailureThreshold + alive.TimeoutSeconds; restarted > 20 {
		t.Errorf("a replica that hangs is restarted after %d s", restarted)
	}
	if left := *pod.TerminationGracePeriodSeconds - drain(pod); left <= int64(*webhook.TimeoutSeconds) {
		t.Errorf("the last requests have %d s", left)
	}
	if drains := drain(pod); drains != 10 || !slices.Contains(pod.Containers[0].Args, "--drain=0s") {
		t.Errorf("a replica serves on for %d s before the signal, and its arguments are %v", drains, pod.Containers[0].Args)
	}
	if rolling := deployment.Spec.Strategy.RollingUpdate; rolling.MaxUnavailable.IntValue() != 0 {
		t.Errorf("a roll-out stops %s old replicas before new ones are ready", rolling.MaxUnavailable)
	}
	longer := find[appsv1.Deployment](t, render(t, "--set", "drainSeconds=300"), "Deployment", "").Spec.Template.Spec
	if left := *longer.TerminationGracePeriodSeconds - drain(longer); drain(longer) != 300 || left <= int64(*webhook.TimeoutSeconds) {
		t.Errorf("after 300 s, the last requests have %d s", left)
	}
}

func drain(pod corev1.PodSpec) int64 {
	if hook := pod.Containers[0].Lifecycle; hook != nil {
		return hook.PreStop.Sleep.Seconds
	}
	return 0
}

// The webhook reads only what it watches.
func TestPermissions(t *testing.T) {
	for _, rule := range find[rbacv1.ClusterRole](t, render(t), "ClusterRole", "runai-mpi").Rules {
		if diff := cmp.Diff([]string{"list", "watch"}, rule.Verbs); diff != "" {
			t.Errorf("%v: %s", rule.Resources, diff)
		}
	}
}
