package pods

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (c *checker) scheduling(path place) {
	pod := c.pod
	c.labels(path.Child("nodeSelector"), pod.NodeSelector)
	c.tolerations(path.Child("tolerations"), pod.Tolerations)
	if pod.Affinity != nil {
		c.affinity(pod.Affinity, path.Child("affinity"))
	}
	c.spread(path.Child("topologySpreadConstraints"))
	seen := map[string]bool{}
	for i, gate := range pod.SchedulingGates {
		at := path.Child("schedulingGates").Index(i).Child("name")
		c.qualifiedName(at, gate.Name)
		c.unique(seen, at, gate.Name, "gate")
	}
	if pod.NodeName != "" && len(pod.SchedulingGates) > 0 {
		c.forbidden(path.Child("nodeName"), "cannot be used together with schedulingGates: remove one of them")
	}
	if pod.PreemptionPolicy != nil {
		choice(c, path.Child("preemptionPolicy"), *pod.PreemptionPolicy, corev1.PreemptLowerPriority, corev1.PreemptNever)
	}
	if pod.Overhead != nil {
		c.resources(corev1.ResourceRequirements{Limits: pod.Overhead}, path.Child("overhead"), containerResource)
	}
}

func (c *checker) tolerations(path place, tolerations []corev1.Toleration) {
	for i, toleration := range tolerations {
		at := path.Index(i)
		if toleration.Key != "" {
			c.qualifiedName(at.Child("key"), toleration.Key)
		} else if toleration.Operator != corev1.TolerationOpExists {
			c.invalid(at.Child("operator"), toleration.Operator, "must be Exists if key is not set")
		}
		if toleration.TolerationSeconds != nil && toleration.Effect != corev1.TaintEffectNoExecute {
			c.invalid(at.Child("effect"), toleration.Effect, "must be NoExecute together with tolerationSeconds")
		}
		switch toleration.Operator {
		case corev1.TolerationOpEqual, "":
			c.labelValue(at.Child("value"), toleration.Value)
		case corev1.TolerationOpExists:
			if toleration.Value != "" {
				c.invalid(at.Child("value"), toleration.Value, "cannot be used together with the operator Exists: remove it")
			}
		default:
			choice(c, at.Child("operator"), toleration.Operator, corev1.TolerationOpEqual, corev1.TolerationOpExists)
		}
		if toleration.Effect != "" {
			choice(c, at.Child("effect"), toleration.Effect, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)
		}
	}
}

func (c *checker) spread(path place) {
	seen := map[string]bool{}
	for i := range c.pod.TopologySpreadConstraints {
		constraint, at := &c.pod.TopologySpreadConstraints[i], path.Index(i)
		c.atLeast(at.Child("maxSkew"), int64(constraint.MaxSkew), 1)
		c.required(at.Child("topologyKey"), constraint.TopologyKey)
		choice(c, at.Child("whenUnsatisfiable"), constraint.WhenUnsatisfiable, corev1.DoNotSchedule, corev1.ScheduleAnyway)
		key := strconv.Quote(constraint.TopologyKey) + string(constraint.WhenUnsatisfiable)
		if seen[key] {
			c.invalid(at.Child("topologyKey"), constraint.TopologyKey, "is in another constraint with the same whenUnsatisfiable: remove one of them")
		}
		seen[key] = true
		if least := constraint.MinDomains; least != nil {
			c.atLeast(at.Child("minDomains"), int64(*least), 1)
			if constraint.WhenUnsatisfiable != corev1.DoNotSchedule {
				c.forbidden(at.Child("minDomains"), "needs whenUnsatisfiable: DoNotSchedule")
			}
		}
		c.inclusion(constraint.NodeAffinityPolicy, at.Child("nodeAffinityPolicy"))
		c.inclusion(constraint.NodeTaintsPolicy, at.Child("nodeTaintsPolicy"))
		c.selector(constraint.LabelSelector, at.Child("labelSelector"))
		c.labelKeys(constraint.MatchLabelKeys, nil, constraint.LabelSelector, at)
	}
}

func (c *checker) inclusion(policy *corev1.NodeInclusionPolicy, path place) {
	if policy != nil {
		choice(c, path, *policy, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore)
	}
}

// labelKeys validates the labels whose values pods must have in common with the new pod, or must not.
func (c *checker) labelKeys(match, mismatch []string, selector *metav1.LabelSelector, path place) {
	for _, list := range []struct {
		name string
		keys []string
	}{{"matchLabelKeys", match}, {"mismatchLabelKeys", mismatch}} {
		if len(list.keys) > 0 && selector == nil {
			c.forbidden(path.Child(list.name), "needs a labelSelector")
			continue
		}
		for i, key := range list.keys {
			c.qualifiedName(path.Child(list.name).Index(i), key)
		}
	}
	differs := map[string]bool{}
	for _, key := range mismatch {
		differs[key] = true
	}
	matched := map[string]bool{}
	for i, key := range match {
		matched[key] = true
		if differs[key] {
			c.invalid(path.Child("matchLabelKeys").Index(i), key, "is also in mismatchLabelKeys: remove one of them")
		}
	}
	if selector == nil {
		return
	}
	// The API server adds an expression for each of these keys, and refuses a key that occurs twice.
	seen := map[string]bool{}
	for key := range selector.MatchLabels {
		seen[key] = true
	}
	for i, expression := range selector.MatchExpressions {
		if matched[expression.Key] && seen[expression.Key] {
			c.invalid(path.Child("labelSelector", "matchExpressions").Index(i).Child("key"), expression.Key, "is also in matchLabelKeys: remove one of them")
		}
		seen[expression.Key] = true
	}
}

func (c *checker) affinity(affinity *corev1.Affinity, path place) {
	if node := affinity.NodeAffinity; node != nil {
		c.nodeAffinity(node, path.Child("nodeAffinity"))
	}
	if pod := affinity.PodAffinity; pod != nil {
		c.podTerms(pod.RequiredDuringSchedulingIgnoredDuringExecution, pod.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAffinity"))
	}
	if pod := affinity.PodAntiAffinity; pod != nil {
		c.podTerms(pod.RequiredDuringSchedulingIgnoredDuringExecution, pod.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAntiAffinity"))
	}
}

const required, preferred = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"

func (c *checker) nodeAffinity(node *corev1.NodeAffinity, path place) {
	if needed := node.RequiredDuringSchedulingIgnoredDuringExecution; needed != nil {
		at := path.Child(required, "nodeSelectorTerms")
		if len(needed.NodeSelectorTerms) == 0 {
			c.missing(at, "must have at least one term")
		}
		for i, term := range needed.NodeSelectorTerms {
			c.nodeTerm(term, true, at.Index(i))
		}
	}
	for i, term := range node.PreferredDuringSchedulingIgnoredDuringExecution {
		at := path.Child(preferred).Index(i)
		c.within(at.Child("weight"), int64(term.Weight), 1, 100)
		c.nodeTerm(term.Preference, false, at.Child("preference"))
	}
}

func (c *checker) nodeTerm(term corev1.NodeSelectorTerm, isRequired bool, path place) {
	for i, expression := range term.MatchExpressions {
		at := path.Child("matchExpressions").Index(i)
		c.qualifiedName(at.Child("key"), expression.Key)
		choice(c, at.Child("operator"), expression.Operator, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpExists,
			corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt)
		c.valueCount(at.Child("values"), string(expression.Operator), len(expression.Values))
		if !isRequired {
			continue
		}
		for j, value := range expression.Values {
			c.labelValue(at.Child("values").Index(j), value)
		}
	}
	for i, expression := range term.MatchFields {
		at := path.Child("matchFields").Index(i)
		choice(c, at.Child("operator"), expression.Operator, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn)
		if expression.Key != "metadata.name" {
			c.invalid(at.Child("key"), expression.Key, "must be metadata.name")
		}
		if len(expression.Values) != 1 {
			c.invalid(at.Child("values"), len(expression.Values), "must have one value")
		}
		for j, value := range expression.Values {
			c.subdomain(at.Child("values").Index(j), value)
		}
	}
}

func (c *checker) podTerms(needed []corev1.PodAffinityTerm, wanted []corev1.WeightedPodAffinityTerm, path place) {
	for i := range needed {
		c.podTerm(&needed[i], path.Child(required).Index(i))
	}
	for i := range wanted {
		at := path.Child(preferred).Index(i)
		c.within(at.Child("weight"), int64(wanted[i].Weight), 1, 100)
		c.podTerm(&wanted[i].PodAffinityTerm, at.Child("podAffinityTerm"))
	}
}

func (c *checker) podTerm(term *corev1.PodAffinityTerm, path place) {
	c.qualifiedName(path.Child("topologyKey"), term.TopologyKey)
	c.selector(term.LabelSelector, path.Child("labelSelector"))
	c.selector(term.NamespaceSelector, path.Child("namespaceSelector"))
	for i, namespace := range term.Namespaces {
		c.label(path.Child("namespaces").Index(i), namespace)
	}
	c.labelKeys(term.MatchLabelKeys, term.MismatchLabelKeys, term.LabelSelector, path)
}
