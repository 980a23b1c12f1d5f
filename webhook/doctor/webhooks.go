package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/charts"
)

func webhookChecks() []check {
	return []check{
		{
			name:   "webhook-configuration",
			about:  "a webhook configuration that is missing, or is not what the chart writes: namespaces, rules, failure policy, conditions, time, CA",
			remedy: "upgrade the chart with `--force-conflicts`, which writes it again",
			needs:  []Source{MutatingWebhooks, ValidatingWebhooks, Namespaces, Deployments}, find: driftOfWebhooks,
		},
		{
			name:   "webhook-certificate",
			about:  "a webhook that cannot be called with the CA of its configuration, or whose certificate ends soon",
			remedy: "see whether the pods of the webhook and the Certificate are ready, and whether cert-manager renews it",
			needs:  []Source{MutatingWebhooks, ValidatingWebhooks, Endpoints}, find: certificates,
		},
		{
			name:   "captured-namespace",
			about:  "before the chart is installed: a namespace with the project label, whose jobs the webhook would judge",
			remedy: "create Projects after the installation, remove the label, or choose another `policy.projectLabel`",
			needs:  []Source{MutatingWebhooks, ValidatingWebhooks, Namespaces, Deployments}, find: captured,
		},
	}
}

// isInstalled reports whether there is anything of the product that judges jobs.
func (s *Snapshot) isInstalled() bool {
	return s.Release != nil || len(s.ours("MutatingWebhookConfiguration")) > 0 || len(s.ours("ValidatingWebhookConfiguration")) > 0
}

// webhooks returns the entries of all webhook configurations.
func (s *Snapshot) webhooks() []webhook {
	var all []webhook
	for i := range s.MutatingWebhooks {
		all = append(all, mutating(&s.MutatingWebhooks[i])...)
	}
	for i := range s.ValidatingWebhooks {
		all = append(all, validating(&s.ValidatingWebhooks[i])...)
	}
	return all
}

// ours returns the entries of the configuration that judges jobs.
func (s *Snapshot) ours(kind string) []webhook {
	return slices.DeleteFunc(s.webhooks(), func(w webhook) bool { return w.kind != kind || w.configuration != s.Configurations })
}

func captured(s *Snapshot) []Finding {
	if s.isInstalled() {
		return nil
	}
	var findings []Finding
	for i := range s.Namespaces {
		namespace := &s.Namespaces[i]
		if value, has := namespace.Labels[s.Policy.ProjectLabel]; has {
			findings = append(findings, Finding{
				Subject: "namespace " + namespace.Name,
				Means: fmt.Sprintf("it has the label %s=%s, so the webhook would judge its jobs as soon as it is installed, and refuse them without a Project %q",
					s.Policy.ProjectLabel, value, value),
				Fix: fmt.Sprintf("kubectl label namespace %s %s- # or choose another policy.projectLabel", namespace.Name, s.Policy.ProjectLabel),
			})
		}
	}
	return findings
}

func certificates(s *Snapshot) []Finding {
	var findings []Finding
	for _, call := range s.Calls {
		means := call.Problem
		if means == "" {
			means = call.Warning
		}
		if means != "" {
			fix := "kubectl describe certificate -n " + s.releaseNamespace()
			if call.Unreached {
				fix = fmt.Sprintf("kubectl get pods -n %s --selector app.kubernetes.io/name=runai-mpi", s.releaseNamespace())
			}
			findings = append(findings, Finding{Subject: call.Subject, Means: means, Fix: fix})
		}
	}
	return findings
}

func (s *Snapshot) releaseNamespace() string {
	if s.Release == nil {
		return "runai-system"
	}
	return s.Release.Namespace
}

// upgrade is the command that writes the objects of the chart again.
func (s *Snapshot) upgrade(values ...string) string {
	release := "runai-mpi"
	if s.Release != nil && s.Release.Instance != "" {
		release = s.Release.Instance
	}
	command := fmt.Sprintf("helm upgrade %s charts/runai-mpi -n %s --reset-then-reuse-values", release, s.releaseNamespace())
	if len(values) == 0 {
		return command + " --force-conflicts"
	}
	for _, value := range values {
		command += " --set '" + value + "'"
	}
	return command
}

func driftOfWebhooks(s *Snapshot) []Finding {
	if !s.isInstalled() {
		return nil
	}
	var findings []Finding
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		subject := kind + " " + s.Configurations
		for _, means := range s.drift(s.ours(kind)) {
			findings = append(findings, Finding{Subject: subject, Means: means, Fix: s.upgrade()})
		}
	}
	return findings
}

// judged are the requests that both webhooks must see.
var judged = []request{
	{admissionregistrationv1.Create, v2beta1.GroupName, "v2beta1", "mpijobs"},
	{admissionregistrationv1.Update, v2beta1.GroupName, "v2beta1", "mpijobs"},
}

// drift says what is wrong with the webhooks of a configuration.
func (s *Snapshot) drift(webhooks []webhook) []string {
	if len(webhooks) == 0 {
		return []string{"it does not exist or has no webhooks, so jobs are stored without being judged"}
	}
	var problems []string
	for _, w := range webhooks {
		for _, problem := range s.weaknesses(w) {
			problems = append(problems, "webhook "+w.name+" "+problem)
		}
	}
	all := func(r request, namespace *corev1.Namespace) bool { return judgedByOne(webhooks, r, namespace) }
	for _, gap := range gapsOf(judged, s.inProjects(), all) {
		problems = append(problems, fmt.Sprintf("no webhook is called for %s of every job in %s", gap.requests, gap.namespaces))
	}
	return problems
}

// inProjects returns the namespaces of projects. If there are none, it returns one that could be.
func (s *Snapshot) inProjects() []*corev1.Namespace {
	var all []*corev1.Namespace
	for i := range s.Namespaces {
		if s.Namespaces[i].Labels[s.Policy.ProjectLabel] != "" {
			all = append(all, &s.Namespaces[i])
		}
	}
	if len(all) == 0 {
		all = append(all, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "a namespace of any project", Labels: map[string]string{s.Policy.ProjectLabel: "any"},
		}})
	}
	return all
}

func judgedByOne(webhooks []webhook, r request, namespace *corev1.Namespace) bool {
	return slices.ContainsFunc(webhooks, func(w webhook) bool { return w.judges(r, namespace) })
}

// weaknesses says what is wrong with a webhook whatever its namespaces.
func (s *Snapshot) weaknesses(w webhook) []string {
	var problems []string
	if !w.isStrict() {
		problems = append(problems, "has failurePolicy Ignore, so jobs are stored without being judged while no replica answers")
	}
	if w.match != nil && *w.match != admissionregistrationv1.Equivalent {
		problems = append(problems, "has matchPolicy Exact, so jobs sent in another API version are not judged")
	}
	if w.timeout != nil && (*w.timeout < 3 || *w.timeout > 10) {
		problems = append(problems, fmt.Sprintf("has timeoutSeconds %d, not the chart's 5", *w.timeout))
	}
	if len(w.client.CABundle) == 0 {
		problems = append(problems, "has no caBundle, so the API server cannot call it, and no job can be created")
	}
	if problem := s.redirected(w); problem != "" {
		problems = append(problems, problem)
	}
	if !isOwnCondition(w.conditions, s.Policy.Scheduling.QueueLabel) {
		problems = append(problems, "has other matchConditions than this release of the chart, so some requests may not be judged")
	}
	return problems
}

// redirected says that the API server calls something else than the webhook, as far as the address shows it.
func (s *Snapshot) redirected(w webhook) string {
	service := w.client.Service
	if service == nil || s.Release == nil || service.Namespace == s.Release.Namespace && service.Name == s.Release.Name {
		return ""
	}
	return fmt.Sprintf("calls Service %s/%s and not %s/%s", service.Namespace, service.Name, s.Release.Namespace, s.Release.Name)
}

// isOwnCondition reports whether the conditions are the chart's, whatever the space between lines.
func isOwnCondition(conditions []admissionregistrationv1.MatchCondition, queueLabel string) bool {
	own, err := charts.SaysWhatRuns(queueLabel)
	return err == nil && len(conditions) == 1 && slices.Equal(strings.Fields(conditions[0].Expression), strings.Fields(own))
}

// OwnWebhooks returns how the API server calls the webhooks of the product that have a CA.
func (s *Snapshot) OwnWebhooks() []admissionregistrationv1.WebhookClientConfig {
	var all []admissionregistrationv1.WebhookClientConfig
	for _, w := range slices.Concat(s.ours("MutatingWebhookConfiguration"), s.ours("ValidatingWebhookConfiguration"), s.sessionWebhooks()) {
		if len(w.client.CABundle) > 0 {
			all = append(all, w.client)
		}
	}
	return all
}
