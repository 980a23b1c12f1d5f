package doctor

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A request is a kind of request in a namespace, which webhooks and policies match or not.
type request struct {
	operation                admissionregistrationv1.OperationType
	group, version, resource string // a subresource follows a slash
}

func (r request) String() string {
	resource := r.resource
	if r.group != "" {
		resource += "." + r.group
	}
	return string(r.operation) + " " + resource
}

// matchedBy reports whether a rule matches the request.
func (r request) matchedBy(rule admissionregistrationv1.RuleWithOperations) bool {
	return Matches(rule, r.operation, schema.GroupVersion{Group: r.group, Version: r.version}, r.resource)
}

// Matches reports whether a rule matches requests for a resource of namespaces, as the API server does. A subresource
// follows a slash.
func Matches(rule admissionregistrationv1.RuleWithOperations, operation admissionregistrationv1.OperationType, group schema.GroupVersion, resource string) bool {
	if rule.Scope != nil && *rule.Scope == admissionregistrationv1.ClusterScope {
		return false
	}
	resource, sub, _ := strings.Cut(resource, "/")
	return (slices.Contains(rule.Operations, admissionregistrationv1.OperationAll) || slices.Contains(rule.Operations, operation)) &&
		isOneOf(group.Group, rule.APIGroups) && isOneOf(group.Version, rule.APIVersions) &&
		slices.ContainsFunc(rule.Resources, func(pattern string) bool {
			wanted, wantedSub, _ := strings.Cut(pattern, "/")
			return (wanted == "*" || wanted == resource) && (wantedSub == "*" || wantedSub == sub)
		})
}

func isOneOf(text string, patterns []string) bool {
	return slices.Contains(patterns, "*") || slices.Contains(patterns, text)
}

func (r request) matchedByWebhook(rules []admissionregistrationv1.RuleWithOperations) bool {
	return slices.ContainsFunc(rules, r.matchedBy)
}

// matchedByPolicy reports whether the constraints of a policy or binding match every request of the kind in a namespace.
// Without rules, a binding matches what its policy does.
func (r request) matchedByPolicy(match *admissionregistrationv1.MatchResources, namespace *corev1.Namespace, rulesRequired bool) bool {
	if match == nil {
		return !rulesRequired
	}
	all := func(rule admissionregistrationv1.NamedRuleWithOperations) bool {
		return len(rule.ResourceNames) == 0 && r.matchedBy(rule.RuleWithOperations)
	}
	return selects(match.NamespaceSelector, namespace) && selectsAll(match.ObjectSelector) &&
		(len(match.ResourceRules) == 0 && !rulesRequired || slices.ContainsFunc(match.ResourceRules, all)) &&
		!r.matchedByNamed(match.ExcludeResourceRules)
}

// mayMatch reports whether the constraints of a policy or binding match some requests of the kind in a namespace.
func (r request) mayMatch(match *admissionregistrationv1.MatchResources, namespace *corev1.Namespace, rulesRequired bool) bool {
	if match == nil {
		return !rulesRequired
	}
	excluded := func(rule admissionregistrationv1.NamedRuleWithOperations) bool {
		return len(rule.ResourceNames) == 0 && r.matchedBy(rule.RuleWithOperations)
	}
	return selects(match.NamespaceSelector, namespace) &&
		(len(match.ResourceRules) == 0 && !rulesRequired || r.matchedByNamed(match.ResourceRules)) &&
		!slices.ContainsFunc(match.ExcludeResourceRules, excluded)
}

// matchedByNamed reports whether a rule matches some requests of the kind.
func (r request) matchedByNamed(rules []admissionregistrationv1.NamedRuleWithOperations) bool {
	return slices.ContainsFunc(rules, func(rule admissionregistrationv1.NamedRuleWithOperations) bool {
		return r.matchedBy(rule.RuleWithOperations)
	})
}

// selects reports whether a selector matches a namespace. None matches every namespace.
func selects(selector *metav1.LabelSelector, namespace *corev1.Namespace) bool {
	if selector == nil {
		return true
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(namespace.Labels))
}

// selectsAll reports whether a selector matches every object.
func selectsAll(selector *metav1.LabelSelector) bool {
	return selector == nil || len(selector.MatchLabels) == 0 && len(selector.MatchExpressions) == 0
}

// A webhook is an entry of a webhook configuration of either kind.
type webhook struct {
	kind, configuration, name string
	client                    admissionregistrationv1.WebhookClientConfig
	rules                     []admissionregistrationv1.RuleWithOperations
	failure                   *admissionregistrationv1.FailurePolicyType
	match                     *admissionregistrationv1.MatchPolicyType
	timeout                   *int32
	namespaces, objects       *metav1.LabelSelector
	conditions                []admissionregistrationv1.MatchCondition
}

func mutating(configuration *admissionregistrationv1.MutatingWebhookConfiguration) []webhook {
	var all []webhook
	for _, w := range configuration.Webhooks {
		all = append(all, webhook{
			"MutatingWebhookConfiguration", configuration.Name, w.Name, w.ClientConfig, w.Rules, w.FailurePolicy, w.MatchPolicy,
			w.TimeoutSeconds, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions,
		})
	}
	return all
}

func validating(configuration *admissionregistrationv1.ValidatingWebhookConfiguration) []webhook {
	var all []webhook
	for _, w := range configuration.Webhooks {
		all = append(all, webhook{
			"ValidatingWebhookConfiguration", configuration.Name, w.Name, w.ClientConfig, w.Rules, w.FailurePolicy, w.MatchPolicy,
			w.TimeoutSeconds, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions,
		})
	}
	return all
}

// judges reports whether the webhook is called for every request of a kind in a namespace, apart from match conditions.
func (w webhook) judges(r request, namespace *corev1.Namespace) bool {
	return r.matchedByWebhook(w.rules) && selects(w.namespaces, namespace) && selectsAll(w.objects)
}

// isStrict reports whether requests fail while the webhook does not answer.
func (w webhook) isStrict() bool {
	return w.failure == nil || *w.failure == admissionregistrationv1.Fail
}
