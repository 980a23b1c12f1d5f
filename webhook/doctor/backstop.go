package doctor

import (
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

// guarded are the requests that the policies of the backstop must see.
var guarded = func() []request {
	all := []request{{admissionregistrationv1.Update, "", "v1", "pods/ephemeralcontainers"}}
	for _, resource := range [][3]string{
		{"", "v1", "pods"}, {"batch", "v1", "jobs"},
	} {
		all = append(all, request{admissionregistrationv1.Create, resource[0], resource[1], resource[2]})
	}
	return all
}()

func backstopChecks() []check {
	return []check{{
		name:   "backstop",
		about:  "a namespace with the label run.ai/identity=Required whose pods and makers of pods no admission policy of the chart judges strictly",
		remedy: "set `backstop.enabled` of the chart",
		needs:  []Source{Policies, PolicyBindings, PodCreation, Namespaces, Projects, Deployments}, find: missingBackstop,
	}}
}

// HasObjects reports whether policies of the chart are installed as objects.
func (s *Snapshot) HasObjects() bool { return slices.ContainsFunc(s.Policies, isOfBackstop) }

// isOfBackstop reports whether a policy is the chart's.
func isOfBackstop(policy admissionregistrationv1.ValidatingAdmissionPolicy) bool {
	if policy.Labels["app.kubernetes.io/name"] != "runai-mpi" || policy.Spec.MatchConstraints == nil {
		return false
	}
	return slices.ContainsFunc(guarded, func(r request) bool { return r.matchedByNamed(policy.Spec.MatchConstraints.ResourceRules) })
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

// guards reports whether a policy judges requests of a kind in a namespace. A policy in a file judges all of them.
func (s *Snapshot) guards(r request, namespace *corev1.Namespace) bool {
	if form := s.backstopForm(); form == formFiles || form == formBoth {
		return true
	}
	return slices.ContainsFunc(s.Policies, func(policy admissionregistrationv1.ValidatingAdmissionPolicy) bool {
		return isOfBackstop(policy) && s.isInForce(&policy, r, namespace)
	})
}

// isInForce reports whether a policy denies what it finds wrong with each request of a kind in a namespace.
func (s *Snapshot) isInForce(policy *admissionregistrationv1.ValidatingAdmissionPolicy, r request, namespace *corev1.Namespace) bool {
	spec := policy.Spec
	if spec.FailurePolicy != nil && *spec.FailurePolicy != admissionregistrationv1.Fail || len(spec.Validations) == 0 ||
		!r.matchedByPolicy(spec.MatchConstraints, namespace, true) {
		return false
	}
	return slices.ContainsFunc(s.PolicyBindings, func(binding admissionregistrationv1.ValidatingAdmissionPolicyBinding) bool {
		match := binding.Spec.MatchResources
		return binding.Spec.PolicyName == policy.Name && slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny) &&
			r.matchedByPolicy(match, namespace, false)
	})
}

func missingBackstop(s *Snapshot) []Finding {
	var findings []Finding
	for _, gap := range gapsOf(guarded, s.labelled(), s.guards) {
		means := "no admission policy of the chart denies " + gap.requests
		if gap.all {
			means = "no admission policy of the chart is in force"
		}
		findings = append(findings, Finding{
			Subject: "namespaces " + gap.namespaces,
			Means:   means + " there, so whoever can create pods can run them as anybody",
			Fix:     s.upgrade("backstop.enabled=true"),
		})
	}
	if s.Probe.Namespace != "" && !s.Probe.isByBackstop() && len(findings) == 0 {
		findings = append(findings, Finding{
			Subject: "namespace " + s.Probe.Namespace,
			Means:   "a dry run of a pod with a foreign UID was not refused by an admission policy, although policies are installed",
			Fix:     s.upgrade(),
		})
	}
	return findings
}

// openToPods returns the namespaces that require identities, but in which no policy judges pods and what makes them.
func (s *Snapshot) openToPods() map[string]bool {
	open := map[string]bool{}
	for i := range s.Namespaces {
		namespace := &s.Namespaces[i]
		if s.requires(namespace) && (!isLabelled(namespace) || len(gapsOf(guarded, []*corev1.Namespace{namespace}, s.guards)) > 0) {
			open[namespace.Name] = true
		}
	}
	return open
}
