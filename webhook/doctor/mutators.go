package doctor

import (
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// mutated are the requests that another webhook could change.
var mutated = []request{
	{admissionregistrationv1.Create, "", "v1", "pods"},
	{admissionregistrationv1.Update, "", "v1", "pods"},
	{admissionregistrationv1.Create, "batch", "v1", "jobs"},
	{admissionregistrationv1.Create, v2beta1.GroupName, "v2beta1", "mpijobs"},
	{admissionregistrationv1.Update, v2beta1.GroupName, "v2beta1", "mpijobs"},
}

func mutatorChecks() []check {
	return []check{
		{
			name:   "other-mutating-webhook",
			about:  "another mutating webhook for pods, jobs or MPIJobs of namespaces that require identities, except those of trusted namespaces",
			remedy: "exclude these namespaces in its `namespaceSelector`, or trust the service accounts of its namespace",
			needs:  []Source{MutatingWebhooks, Namespaces, Projects, Deployments}, find: otherWebhooks,
		},
		{
			name:   "mutating-policy",
			about:  "a MutatingAdmissionPolicy for pods, jobs or MPIJobs of namespaces that require identities",
			remedy: "exclude these namespaces in its `namespaceSelector`",
			needs:  []Source{MutatingPolicies, MutatingPolicyBindings, Namespaces, Projects, Deployments}, find: mutatingPolicies,
		},
	}
}

// affected returns the first requests and namespaces that match.
func (s *Snapshot) affected(matches func(request, *corev1.Namespace) bool) (requests, namespaces []string) {
	seen := map[string]bool{}
	for _, r := range mutated {
		matched := false
		for i := range s.Namespaces {
			namespace := &s.Namespaces[i]
			if !s.requires(namespace) || !matches(r, namespace) {
				continue
			}
			matched = true
			if !seen[namespace.Name] {
				seen[namespace.Name] = true
				namespaces = append(namespaces, namespace.Name)
			}
		}
		if matched {
			requests = append(requests, r.String())
		}
	}
	return requests, namespaces
}

func otherWebhooks(s *Snapshot) []Finding {
	var findings []Finding
	for _, w := range s.webhooks() {
		if w.kind != "MutatingWebhookConfiguration" || w.configuration == s.Configurations || s.trustsServer(w) {
			continue
		}
		requests, namespaces := s.affected(func(r request, namespace *corev1.Namespace) bool {
			return r.matchedByWebhook(w.rules) && selects(w.namespaces, namespace)
		})
		if len(requests) == 0 {
			continue
		}
		server, trust := "a URL", ""
		if w.client.Service != nil {
			server = "Service " + w.client.Service.Namespace + "/" + w.client.Service.Name
			trust = fmt.Sprintf(", or trust it: --administrators=system:serviceaccount:%s:*", w.client.Service.Namespace)
		}
		findings = append(findings, Finding{
			Subject: "webhook " + w.name + " in " + w.kind + " " + w.configuration,
			Means: fmt.Sprintf("%s can change what is stored by %s in %s, so it can add containers with other ids: at best, the backstop refuses the pods",
				server, enumerate(requests), enumerate(few(namespaces))),
			Fix: fmt.Sprintf("kubectl edit mutatingwebhookconfiguration %s # and add {key: run.ai/identity, operator: NotIn, values: [Required]} to "+
				"matchExpressions of its namespaceSelector%s", w.configuration, trust),
		})
	}
	return findings
}

// trustsServer reports whether all service accounts in the namespace of a webhook's Service are trusted.
func (s *Snapshot) trustsServer(w webhook) bool {
	if w.client.Service == nil {
		return false
	}
	for _, pattern := range s.trusted() {
		if matches(pattern, "system:serviceaccount:"+w.client.Service.Namespace+":*") {
			return true
		}
	}
	return false
}

func mutatingPolicies(s *Snapshot) []Finding {
	var findings []Finding
	for i := range s.MutatingPolicies {
		policy := &s.MutatingPolicies[i]
		requests, namespaces := s.affected(func(r request, namespace *corev1.Namespace) bool { return s.isBound(policy, r, namespace) })
		if len(requests) == 0 {
			continue
		}
		findings = append(findings, Finding{
			Subject: "MutatingAdmissionPolicy " + policy.Name,
			Means: fmt.Sprintf("it can change what is stored by %s in %s, so it can change the ids of pods: at best, the backstop refuses them",
				enumerate(requests), enumerate(few(namespaces))),
			Fix: fmt.Sprintf("kubectl edit mutatingadmissionpolicy %s # and add {key: run.ai/identity, operator: NotIn, values: [Required]} to "+
				"matchExpressions of matchConstraints.namespaceSelector", policy.Name),
		})
	}
	return findings
}

// isBound reports whether a policy can change requests of a kind in a namespace.
func (s *Snapshot) isBound(policy *admissionregistrationv1.MutatingAdmissionPolicy, r request, namespace *corev1.Namespace) bool {
	if !r.mayMatch(policy.Spec.MatchConstraints, namespace, true) {
		return false
	}
	for i := range s.MutatingPolicyBindings {
		spec := &s.MutatingPolicyBindings[i].Spec
		if spec.PolicyName == policy.Name && r.mayMatch(spec.MatchResources, namespace, false) {
			return true
		}
	}
	return false
}
