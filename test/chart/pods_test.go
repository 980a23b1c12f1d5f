package chart

import (
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	psaapi "k8s.io/pod-security-admission/api"
	psapolicy "k8s.io/pod-security-admission/policy"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// podTemplates returns the pods that the chart makes: those of the webhook and the others, most of them hooks.
func podTemplates(t *testing.T, objects chart.Objects) (webhook corev1.PodTemplateSpec, hooks []corev1.PodTemplateSpec) {
	t.Helper()
	for _, object := range objects {
		one := chart.Objects{object}
		switch object.GetKind() {
		case "Deployment":
			webhook = find[appsv1.Deployment](t, one, "Deployment", "").Spec.Template
		case "Job":
			hooks = append(hooks, find[batchv1.Job](t, one, "Job", "").Spec.Template)
		case "CronJob":
			hooks = append(hooks, find[batchv1.CronJob](t, one, "CronJob", "").Spec.JobTemplate.Spec.Template)
		case "Pod":
			pod := find[corev1.Pod](t, one, "Pod", "")
			hooks = append(hooks, corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec})
		}
	}
	return webhook, hooks
}

// What selects the webhook's pods selects all of them, whatever the values, and no pod of a hook: a Service would
// send requests there.
func TestSelectors(t *testing.T) {
	for _, row := range append(rows(t), valuesFile) {
		objects := render(t, "--values", row, "--set", "image.repository=example.com/a", "--set", "networkPolicy.enabled=true")
		webhook, hooks := podTemplates(t, objects)
		if len(hooks) == 0 {
			t.Errorf("%s: no hooks", row)
		}
		deployment := find[appsv1.Deployment](t, objects, "Deployment", "")
		selectors := map[string]labels.Selector{
			"Deployment":    selector(t, deployment.Spec.Selector),
			"NetworkPolicy": selector(t, &find[networkingv1.NetworkPolicy](t, objects, "NetworkPolicy", deployment.Name).Spec.PodSelector),
			"PDB":           selector(t, find[policyv1.PodDisruptionBudget](t, objects, "PodDisruptionBudget", "").Spec.Selector),
			"Service":       labels.SelectorFromSet(find[corev1.Service](t, objects, "Service", deployment.Name).Spec.Selector),
			"metrics":       labels.SelectorFromSet(find[corev1.Service](t, objects, "Service", deployment.Name+"-metrics").Spec.Selector),
		}
		for what, selects := range selectors {
			if !selects.Matches(labels.Set(webhook.Labels)) {
				t.Errorf("%s: %s does not select the webhook's pods", filepath.Base(row), what)
			}
			for _, hook := range hooks {
				if selects.Matches(labels.Set(hook.Labels)) {
					t.Errorf("%s: %s selects the pods of a hook", filepath.Base(row), what)
				}
			}
		}
	}
}

func selector(t *testing.T, of *metav1.LabelSelector) labels.Selector {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(of)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Kubernetes' own evaluation: every pod runs in a namespace that enforces the restricted Pod Security Standard, also
// with OpenShift's ids. On the node's network, nothing else is missing.
func TestPodsAreRestricted(t *testing.T) {
	evaluator, err := psapolicy.NewEvaluator(psapolicy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	for _, row := range append(rows(t), valuesFile) {
		webhook, hooks := podTemplates(t, render(t, "--values", row, "--set", "image.repository=example.com/a"))
		for _, pod := range append(hooks, webhook) {
			for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
				network := pod.Spec.HostNetwork && (result.ForbiddenReason == "host namespaces" || result.ForbiddenReason == "hostPort")
				if !result.Allowed && !network {
					t.Errorf("%s: %s: %s", filepath.Base(row), pod.Spec.Containers[0].Name, result.ForbiddenReason)
				}
			}
			if pod.Spec.ServiceAccountName == "" || pod.Spec.NodeSelector["kubernetes.io/os"] != "linux" {
				t.Errorf("%s: %+v", filepath.Base(row), pod.Spec)
			}
		}
	}
}

// Go keeps its memory below the limit of the container, in whatever unit it is written.
func TestMemoryLimit(t *testing.T) {
	for _, limit := range []string{"256Mi", "1Gi", "500M", "1.5Gi", "268435456", "300000k", "2T", "1024Ki"} {
		container := deployed(t, "--set", "resources.limits.memory="+limit)
		if got, want := environment(container)["GOMEMLIMIT"], resource.MustParse(limit); !isShare(t, got, want) {
			t.Errorf("%s: GOMEMLIMIT is %s", limit, got)
		}
	}
	for _, limit := range []string{"resources.limits=null", "resources.limits.memory=null", "resources=null"} {
		objects, err := chart.Render(t.Context(), "--set", limit)
		if err != nil {
			if !strings.Contains(err.Error(), "missing property 'resources'") {
				t.Errorf("%s: %v", limit, err)
			}
			continue
		}
		webhook, _ := podTemplates(t, objects)
		if value, ok := environment(webhook.Spec.Containers[0])["GOMEMLIMIT"]; ok {
			t.Errorf("%s: GOMEMLIMIT is %s", limit, value)
		}
	}
	for _, limit := range []string{"lots", "1e9", "100m", "-1Mi", "1 Gi", "0x10"} {
		_, err := chart.Render(t.Context(), "--set-string", "resources.limits.memory="+limit)
		if err == nil || !strings.Contains(err.Error(), "invalid resources.limits.memory") {
			t.Errorf("%s: got %v", limit, err)
		}
	}
}

func isShare(t *testing.T, text string, limit resource.Quantity) bool {
	t.Helper()
	got, err := resource.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	share := got.AsApproximateFloat64() / limit.AsApproximateFloat64()
	return share > 0.849 && share < 0.851
}

func environment(container corev1.Container) map[string]string {
	all := map[string]string{}
	for _, variable := range container.Env {
		all[variable.Name] = variable.Value
	}
	return all
}

func deployed(t *testing.T, args ...string) corev1.Container {
	t.Helper()
	webhook, _ := podTemplates(t, render(t, args...))
	return webhook.Spec.Containers[0]
}

func TestImages(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for want, set := range map[string]string{
		"a/b:0.1.0":             "image.repository=a/b",
		"a/b:20260101":          "image.repository=a/b,image.tag=20260101",
		"r:5000/a/b:1e3":        "image.repository=a/b,image.tag=1e3,image.registry=r:5000",
		"a/b@" + digest:         "image.repository=a/b,image.tag=v1,image.digest=" + digest,
		"r/a/b@" + digest:       "image.repository=a/b,image.registry=r,image.digest=" + digest,
		"localhost:5000/b:true": "image.repository=localhost:5000/b,image.tag=true",
	} {
		webhook, hooks := podTemplates(t, render(t, "--set-string", set))
		for _, pod := range append(hooks, webhook) {
			if got := pod.Spec.Containers[0].Image; got != want {
				t.Errorf("%s: %s, want %s", set, got, want)
			}
		}
	}
	for _, set := range []string{"image.tag=20260101", "image.tag=1.10", "image.tag=true"} {
		if _, err := chart.Render(t.Context(), "--set", set); err == nil && set != "image.tag=1.10" { // --set reads 1.10 as text
			t.Errorf("%s is not text, and is accepted", set)
		}
	}
	for _, set := range []string{"image.tag=a:b", "image.tag=a b", "image.tag=-a", "image.digest=0123", "image.digest=md5:0123"} {
		if _, err := chart.Render(t.Context(), "--set-string", set); err == nil {
			t.Errorf("%s is accepted", set)
		}
	}
}

// Pods whose ports are the same would never start, and the API server accepts them.
func TestPortsDiffer(t *testing.T) {
	for _, set := range []string{
		"webhook.port=8080", "webhook.port=8081", "webhook.healthPort=8080", "webhook.metricsPort=9443", "webhook.pprofPort=8081",
	} {
		_, err := chart.Render(t.Context(), "--set", set)
		if err == nil || !strings.Contains(err.Error(), "must be different ports") {
			t.Errorf("%s: got %v", set, err)
		}
	}
}

func TestPorts(t *testing.T) {
	objects := render(t, "--values", "testdata/gke.yaml")
	webhook, _ := podTemplates(t, objects)
	container := webhook.Spec.Containers[0]
	args := strings.Join(container.Args, " ")
	for _, want := range []string{"--port=10250", "--health-address=:10251", "--metrics-address=:10252"} {
		if !strings.Contains(args, want) {
			t.Errorf("the arguments lack %s: %s", want, args)
		}
	}
	ports := map[string]int32{}
	for _, port := range container.Ports {
		ports[port.Name] = port.ContainerPort
	}
	if ports["webhook"] != 10250 || ports["health"] != 10251 || ports["metrics"] != 10252 {
		t.Errorf("the ports are %v", ports)
	}
	port := find[corev1.Service](t, objects, "Service", "runai-mpi").Spec.Ports[0]
	if port.Port != 443 || port.TargetPort.StrVal != "webhook" {
		t.Errorf("the Service has %+v", port)
	}
	eks, _ := podTemplates(t, render(t, "--values", "testdata/eks.yaml"))
	if !eks.Spec.HostNetwork || eks.Spec.DNSPolicy != corev1.DNSClusterFirstWithHostNet {
		t.Errorf("hostNetwork %v, dnsPolicy %s", eks.Spec.HostNetwork, eks.Spec.DNSPolicy)
	}
}
