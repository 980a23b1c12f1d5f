package chart

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/reference/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The pods of the chart run commands that there are, with flags that they have.
func TestArguments(t *testing.T) {
	documented := page(t, "webhook-cli.md")
	commands := map[string]bool{}
	for _, row := range append(rows(t), valuesFile) {
		webhook, hooks := podTemplates(t, render(t, "--values", row, "--set", "image.repository=example.com/a"))
		for _, pod := range append(hooks, webhook) {
			args := pod.Spec.Containers[0].Args
			words := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--") })
			command := strings.Join(args[:words], " ")
			_, section, found := strings.Cut(documented, "\n## runai-webhook "+command+"\n")
			if !found {
				t.Errorf("the command %s does not exist", command)
			}
			section, _, _ = strings.Cut(section, "\n## ")
			commands[command] = true
			for _, arg := range args[words:] {
				flag, _, _ := strings.Cut(arg, "=")
				if !strings.Contains(section, "| `"+flag+" ") && !strings.Contains(section, "| `"+flag+"`") {
					t.Errorf("%s has no flag %s", command, flag)
				}
			}
		}
	}
	if len(commands) != 5 {
		t.Errorf("the chart runs %v", commands)
	}
}

// Every alert has a section in the page to which it links, and every section named like an alert has one.
func TestRunbooks(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var names, sections []string
	for _, alert := range alerts(t) {
		names = append(names, alert.Alert)
		want := "https://github.com/runai-mpi/runai-mpi/blob/main/docs/operations.md#" + strings.ToLower(alert.Alert)
		if got := alert.Annotations["runbook_url"]; got != want {
			t.Errorf("%s links to %s", alert.Alert, got)
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^#+ (RunaiMPI\w+)$`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, match[1])
	}
	if diff := cmp.Diff(names, sections); diff != "" {
		t.Errorf("(-alerts +sections):\n%s", diff)
	}
}

// What scrapes the metrics finds them: the ServiceMonitor selects the Service, which has the port.
func TestServiceMonitor(t *testing.T) {
	objects := render(t, "--set", "metrics.serviceMonitor.enabled=true")
	monitor := find[monitoringv1.ServiceMonitor](t, objects, "ServiceMonitor", "")
	selected := 0
	for _, name := range []string{"runai-mpi", "runai-mpi-metrics"} {
		service := find[corev1.Service](t, objects, "Service", name)
		if selector(t, &monitor.Spec.Selector).Matches(labels.Set(service.Labels)) {
			selected++
			if service.Spec.Ports[0].Name != monitor.Spec.Endpoints[0].Port {
				t.Errorf("%s has the port %s, not %s", name, service.Spec.Ports[0].Name, monitor.Spec.Endpoints[0].Port)
			}
		}
	}
	if selected != 1 {
		t.Errorf("%d Services are selected", selected)
	}
}
