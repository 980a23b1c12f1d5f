package doctor

import (
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// sessions are the requests that reach processes in pods.
var sessions = []request{
	{admissionregistrationv1.Connect, "", "v1", "pods/attach"},
	{admissionregistrationv1.Connect, "", "v1", "pods/exec"},
	{admissionregistrationv1.Connect, "", "v1", "pods/portforward"},
	{admissionregistrationv1.Connect, "", "v1", "pods/proxy"},
}

// sessionsPath is the path at which the webhook judges sessions.
const sessionsPath = "/sessions"

func sessionChecks() []check {
	return []check{{
		name:   "sessions-webhook",
		about:  "a webhook for sessions that does not judge every session where identities are required, or lets sessions through while no replica answers",
		remedy: "upgrade the chart with `--force-conflicts`",
		needs:  []Source{ValidatingWebhooks, Namespaces, Projects, Deployments}, find: driftOfSessions,
	}}
}

// sessionWebhooks returns the entries that judge sessions.
func (s *Snapshot) sessionWebhooks() []webhook {
	return slices.DeleteFunc(s.webhooks(), func(w webhook) bool {
		switch {
		case w.kind != "ValidatingWebhookConfiguration":
			return true
		case w.client.Service != nil:
			return w.client.Service.Path == nil || *w.client.Service.Path != sessionsPath || s.redirected(w) != ""
		}
		return w.client.URL == nil || !strings.HasSuffix(*w.client.URL, sessionsPath)
	})
}

// guardsSessions reports whether every session in a namespace is judged.
func (s *Snapshot) guardsSessions(namespace *corev1.Namespace) bool {
	for _, r := range sessions {
		if !slices.ContainsFunc(s.sessionWebhooks(), func(w webhook) bool {
			return w.judges(r, namespace) && w.isStrict() && len(w.conditions) == 0
		}) {
			return false
		}
	}
	return true
}

func driftOfSessions(s *Snapshot) []Finding {
	webhooks := s.sessionWebhooks()
	if len(webhooks) == 0 {
		return nil // may-open-sessions says who could use that
	}
	subject := webhooks[0].kind + " " + webhooks[0].configuration
	var findings []Finding
	find := func(means string) {
		findings = append(findings, Finding{Subject: subject, Means: means, Fix: s.upgrade()})
	}
	for _, w := range webhooks {
		switch {
		case !w.isStrict():
			find("webhook " + w.name + " has failurePolicy Ignore, so everybody can enter every pod while no replica answers")
		case len(w.conditions) > 0:
			find("webhook " + w.name + " has matchConditions, so some sessions are not judged")
		case len(w.client.CABundle) == 0:
			find("webhook " + w.name + " has no caBundle, so the API server cannot call it, and no session can be opened")
		}
	}
	all := func(r request, namespace *corev1.Namespace) bool { return judgedByOne(webhooks, r, namespace) }
	for _, gap := range gapsOf(sessions, s.labelled(), all) {
		find(fmt.Sprintf("no webhook is called for %s in %s, so members can act as each other there", gap.requests, gap.namespaces))
	}
	return findings
}

// labelled returns the namespaces that the backstop guards.
func (s *Snapshot) labelled() []*corev1.Namespace {
	var all []*corev1.Namespace
	for i := range s.Namespaces {
		if isLabelled(&s.Namespaces[i]) {
			all = append(all, &s.Namespaces[i])
		}
	}
	return all
}

// openSessions returns the namespaces that require identities, but in which nobody judges sessions.
func (s *Snapshot) openSessions() map[string]bool {
	open := map[string]bool{}
	for i := range s.Namespaces {
		if namespace := &s.Namespaces[i]; s.requires(namespace) && !s.guardsSessions(namespace) {
			open[namespace.Name] = true
		}
	}
	return open
}

// FirstGuarded returns the name of a namespace that the backstop guards, or "".
func (s *Snapshot) FirstGuarded() string {
	for _, namespace := range s.labelled() {
		return namespace.Name
	}
	return ""
}
