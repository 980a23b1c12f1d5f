package policy

import (
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/patch"
)

// holdsNodeTypes returns an error for a template whose pods could run on other node types. Fewer types than
// those of the project are enough: another replica may know another list.
func holdsNodeTypes(job *v2beta1.MPIJob, in Input) field.ErrorList {
	types, err := nodeTypes(job, in)
	if err != nil {
		return field.ErrorList{err}
	}
	keeps := func(expression corev1.NodeSelectorRequirement) bool {
		other := func(value string) bool { return !slices.Contains(types, value) }
		return expression.Key == in.Cluster.NodeTypeLabel && expression.Operator == corev1.NodeSelectorOpIn && !slices.ContainsFunc(expression.Values, other)
	}
	var errs field.ErrorList
	for _, template := range confined(job, in) {
		selector := ownSelector(template.Spec.Affinity)
		if selector == nil || slices.ContainsFunc(selector.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool {
			return !isEmpty(term) && !slices.ContainsFunc(term.MatchExpressions, keeps)
		}) {
			errs = append(errs, field.Required(template.Path.Child("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
				"must require a node type of project "+in.Project.Name))
		}
	}
	return errs
}

// undoNodeAffinity removes the requirement, which is the last of each term.
func undoNodeAffinity(u Undoing) {
	u.each(func(template mpijob.Template, was *corev1.PodTemplateSpec) {
		if template.Role == mpijob.Launcher && u.LauncherExempt {
			return
		}
		selector, stored := ownSelector(template.Spec.Affinity), ownSelector(was.Spec.Affinity)
		if selector == nil || stored == nil {
			return
		}
		ours := func(term corev1.NodeSelectorTerm) bool {
			last := len(term.MatchExpressions) - 1
			isWhole := last == 0 && len(term.MatchFields) == 0 && len(selector.NodeSelectorTerms) > 1 // the author wrote it
			return last >= 0 && !isWhole && term.MatchExpressions[last].Operator == corev1.NodeSelectorOpIn && term.MatchExpressions[last].Key == u.Cluster.NodeTypeLabel
		}
		var kept []corev1.NodeSelectorTerm
		for i, term := range selector.NodeSelectorTerms {
			if i < len(stored.NodeSelectorTerms) && patch.Equal(&term, &stored.NodeSelectorTerms[i]) && ours(term) {
				term.MatchExpressions = term.MatchExpressions[:len(term.MatchExpressions)-1]
				if isEmpty(term) {
					continue
				}
			}
			kept = append(kept, term)
		}
		selector.NodeSelectorTerms = kept
		removeEmptySelector(&template.Spec)
	})
}

func removeEmptySelector(spec *corev1.PodSpec) {
	affinity := spec.Affinity.NodeAffinity
	if len(affinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms) == 0 {
		affinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
	}
	if len(affinity.PreferredDuringSchedulingIgnoredDuringExecution) == 0 && affinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		spec.Affinity.NodeAffinity = nil
	}
	if patch.Equal(spec.Affinity, &corev1.Affinity{}) {
		spec.Affinity = nil
	}
}
