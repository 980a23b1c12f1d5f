package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// The forms of the backstop.
const (
	formNone    = "none"
	formObjects = "objects"
	formFiles   = "files"
	formBoth    = "objects and files"
	formUnknown = "unknown"
)

// fileSuffix ends the names of policies that the API server reads from files.
const fileSuffix = ".static.k8s.io"

// A Probe is the answer to a pod that the backstop must refuse, created as a dry run.
type Probe struct {
	// Namespace is where, or "" if none was created.
	Namespace string
	// Refusal is the answer, or "" if the pod was accepted.
	Refusal string
}

// isByBackstop reports whether an admission policy refused the pod.
func (p Probe) isByBackstop() bool { return strings.Contains(p.Refusal, "ValidatingAdmissionPolicy") }

func backstopChecks() []check {
	return []check{
		{
			name:   "backstop",
			about:  "a namespace with the label `run.ai/identity=Required` in which an admission policy of the chart is missing, or does not deny",
			remedy: "set `backstop.enabled` of the chart, or upgrade it with `--force-conflicts`",
			needs:  []Source{Policies, PolicyBindings, PodCreation, Namespaces, Projects, Deployments}, find: missingBackstop,
		},
		{
			name:   "versions-policy",
			about:  "a namespace of a project in which no admission policy refuses MPIJobs of other API versions, which nobody judges",
			remedy: "upgrade the chart with `--force-conflicts`",
			needs:  []Source{Policies, PolicyBindings, Namespaces, Deployments, MutatingWebhooks, ValidatingWebhooks}, find: missingVersions,
		},
	}
}

// HasObjects reports whether policies of the backstop are installed as objects.
func (s *Snapshot) HasObjects() bool {
	return slices.ContainsFunc(s.Policies, func(policy admissionregistrationv1.ValidatingAdmissionPolicy) bool {
		return slices.ContainsFunc(backstopPolicies, func(part backstopPolicy) bool { return part.is(&policy) })
	})
}

// backstopForm says in which form the cluster has the backstop.
func (s *Snapshot) backstopForm() string {
	if s.missing([]Source{Policies, PolicyBindings}) != "" {
		return formUnknown
	}
	objects := s.HasObjects()
	switch files := s.AssumeFiles || strings.Contains(s.Probe.Refusal, fileSuffix); {
	case objects && files:
		return formBoth
	case objects:
		return formObjects
	case files:
		return formFiles
	case s.missing([]Source{PodCreation}) != "":
		return formUnknown
	}
	return formNone
}

// lacks returns the policies that are missing in a namespace or judge too little, for people. A policy in a file judges
// everything.
func (s *Snapshot) lacks(policies []backstopPolicy, namespace *corev1.Namespace) []string {
	if form := s.backstopForm(); form == formFiles || form == formBoth {
		return nil
	}
	var lacking []string
	for _, part := range policies {
		var missed []string
		for _, r := range part.requests {
			if !s.isInForce(part, r, namespace) {
				missed = append(missed, r.String())
			}
		}
		switch {
		case len(missed) == len(part.requests):
			lacking = append(lacking, part.what)
		case len(missed) > 0:
			lacking = append(lacking, fmt.Sprintf("%s (for %s)", part.what, enumerate(missed)))
		}
	}
	return lacking
}

// isInForce reports whether a policy denies what it finds wrong with each request of a kind in a namespace.
func (s *Snapshot) isInForce(part backstopPolicy, r request, namespace *corev1.Namespace) bool {
	for i := range s.Policies {
		policy, spec := &s.Policies[i], &s.Policies[i].Spec
		strict := spec.FailurePolicy == nil || *spec.FailurePolicy == admissionregistrationv1.Fail
		if part.is(policy) && strict && len(spec.Validations) > 0 && r.matchedByPolicy(spec.MatchConstraints, namespace, true) &&
			s.denies(policy.Name, r, namespace) {
			return true
		}
	}
	return false
}

// denies reports whether a binding of a policy denies.
func (s *Snapshot) denies(policy string, r request, namespace *corev1.Namespace) bool {
	return slices.ContainsFunc(s.PolicyBindings, func(binding admissionregistrationv1.ValidatingAdmissionPolicyBinding) bool {
		return binding.Spec.PolicyName == policy && slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny) &&
			r.matchedByPolicy(binding.Spec.MatchResources, namespace, false)
	})
}

func missingBackstop(s *Snapshot) []Finding {
	byText := map[string][]string{}
	for _, namespace := range s.labelled() {
		if lacking := s.lacks(backstopPolicies, namespace); len(lacking) == len(backstopPolicies) && !s.HasObjects() {
			byText["no admission policy of the chart is installed"] = append(byText["no admission policy of the chart is installed"], namespace.Name)
		} else if len(lacking) > 0 {
			text := "admission policies of the chart are missing there or do not deny: " + enumerate(lacking)
			byText[text] = append(byText[text], namespace.Name)
		}
	}
	var findings []Finding
	for _, text := range slices.Sorted(maps.Keys(byText)) {
		fix := s.upgrade()
		if !s.HasObjects() {
			fix = s.upgrade("backstop.enabled=true")
		}
		findings = append(findings, Finding{
			Subject: namespaces(byText[text]), Fix: fix,
			Means: text + ", so whoever can create or change pods there can run them as anybody",
		})
	}
	if s.Probe.Namespace != "" && !s.Probe.isByBackstop() && len(findings) == 0 {
		findings = append(findings, Finding{
			Subject: "namespace " + s.Probe.Namespace, Fix: s.upgrade(),
			Means: "a dry run of a pod with a foreign UID was not refused by an admission policy, although policies are installed",
		})
	}
	return findings
}

// openToPods returns the namespaces that require identities, but in which not all policies judge pods and what makes them.
func (s *Snapshot) openToPods() map[string]bool { return s.open(judgingPods) }

// openProxies returns the namespaces that require identities, but in which no policy refuses services/proxy.
func (s *Snapshot) openProxies() map[string]bool { return s.open([]backstopPolicy{proxies}) }

func (s *Snapshot) open(policies []backstopPolicy) map[string]bool {
	open := map[string]bool{}
	for i := range s.Namespaces {
		namespace := &s.Namespaces[i]
		if s.requires(namespace) && (!isLabelled(namespace) || len(s.lacks(policies, namespace)) > 0) {
			open[namespace.Name] = true
		}
	}
	return open
}

func missingVersions(s *Snapshot) []Finding {
	if !s.isInstalled() {
		return nil
	}
	var missed []string
	for _, namespace := range s.inProjects() {
		for _, r := range versions.requests {
			if !s.isInForce(versions, r, namespace) {
				missed = append(missed, namespace.Name)
				break
			}
		}
	}
	if len(missed) == 0 {
		return nil
	}
	return []Finding{{
		Subject: namespaces(missed), Fix: s.upgrade(),
		Means: "no admission policy of the chart refuses MPIJobs of other API versions there, which the webhook does not judge",
	}}
}
