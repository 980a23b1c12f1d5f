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

// compatible refuses a template whose own node selector or affinity leaves none of the node types:
// its pods would be Pending for ever.
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
		if !isEmpty(term) && slices.ContainsFunc(types, func(nodeType string) bool { return admits(term, required.Key, nodeType) }) {
			return nil
		}
	}
	path := template.Path.Child("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	return field.Invalid(path, describe(selector, required.Key), noNode(types))
}

func noNode(types []string) string {
	return fmt.Sprintf("leaves no node that the job may run on: leave it out, or allow node type %s", strings.Join(types, " or "))
}

func ownSelector(affinity *corev1.Affinity) *corev1.NodeSelector {
	if affinity == nil || affinity.NodeAffinity == nil {
		return nil
	}
	return affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

// admits reports whether a node of this type can match what the term says of the label.
func admits(term corev1.NodeSelectorTerm, label, nodeType string) bool {
	for _, expression := range term.MatchExpressions {
		if expression.Key == label && !matches(expression, nodeType) {
			return false
		}
	}
	return true
}

// matches follows the scheduler's rules for a node that has the label; an operator that is unknown
// here is left to the API server.
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

// describe is what the terms say of the label, for the error.
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
		return "terms that match nothing"
	}
	return strings.Join(said, " or ")
}
