package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// compatible returns an error for a template whose own node selector or affinity matches none of the node
// types: its pods would stay Pending forever.
func compatible(template mpijob.Template, required corev1.NodeSelectorRequirement) *field.Error {
	types := required.Values
	if own, present := template.Spec.NodeSelector[required.Key]; present {
		if !slices.Contains(types, own) {
			return field.Invalid(template.Path.Child("spec", "nodeSelector").Key(required.Key), own, noNode(types))
		}
		types = []string{own}
	}
	selector := ownSelector(template.Spec.Affinity)
	if selector == nil {
		return nil
	}
	for _, term := range selector.NodeSelectorTerms {
		if !isEmpty(term) && slices.ContainsFunc(types, func(nodeType string) bool { return allows(term, required.Key, nodeType) }) {
			return nil
		}
	}
	return field.Invalid(termsPath(template), describe(selector, required.Key), noNode(types))
}

func termsPath(template mpijob.Template) *field.Path {
	return template.Path.Child("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
}

func noNode(types []string) string {
	return fmt.Sprintf("excludes every node type that the job may use: remove it or include %s", strings.Join(types, " or "))
}

func ownSelector(affinity *corev1.Affinity) *corev1.NodeSelector {
	if affinity == nil || affinity.NodeAffinity == nil {
		return nil
	}
	return affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

// allows reports whether a node of this type can match the term's requirements on the label.
func allows(term corev1.NodeSelectorTerm, label, nodeType string) bool {
	for _, expression := range term.MatchExpressions {
		if expression.Key == label && !matches(expression, nodeType) {
			return false
		}
	}
	return true
}

// matches follows the scheduler's rules for a node that has the label. It accepts an unknown operator,
// which the API server refuses.
func matches(expression corev1.NodeSelectorRequirement, value string) bool {
	switch expression.Operator {
	case corev1.NodeSelectorOpIn:
		return slices.Contains(expression.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return !slices.Contains(expression.Values, value)
	case corev1.NodeSelectorOpDoesNotExist:
		return false
	case corev1.NodeSelectorOpGt:
		return compares(value, expression.Values, func(a, b int64) bool { return a > b })
	case corev1.NodeSelectorOpLt:
		return compares(value, expression.Values, func(a, b int64) bool { return a < b })
	}
	return true
}

func compares(value string, bounds []string, holds func(a, b int64) bool) bool {
	if len(bounds) != 1 {
		return false
	}
	number, err := strconv.ParseInt(value, 10, 64)
	bound, boundErr := strconv.ParseInt(bounds[0], 10, 64)
	return err == nil && boundErr == nil && holds(number, bound)
}

// describe returns the terms' requirements on the label, for the error.
func describe(selector *corev1.NodeSelector, label string) string {
	var said []string
	for _, term := range selector.NodeSelectorTerms {
		for _, expression := range term.MatchExpressions {
			if expression.Key == label {
				said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s", label, expression.Operator, strings.Join(expression.Values, ","))))
			}
		}
	}
	if len(said) == 0 {
		return "terms that match no node"
	}
	return strings.Join(said, " or ")
}
