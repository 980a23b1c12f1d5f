package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// nodeAffinity keeps the job's pods on the node types of its project, or on the one that it requests. It
// writes an affinity and not a node selector, because Kueue rewrites selectors.
var nodeAffinity = Policy{
	Name: "node-affinity",
	Doc: Doc{
		Does: "Requires one of the project's node types for every pod, by node affinity, in addition to the job's own requirements. " +
			"The node types are the project's `interactive` types for an interactive job, else its `train` types, or the one type that the job requests. " +
			"With `launcher: Any`, a launcher that runs no ranks and requests no GPUs or other devices is exempt. " +
			"A node type outside the project's list is refused, and so is a node selector or an affinity that matches none of the types.",
		Applies: "To every job in a project with node types, and to a job that requests a type.",
		Reads: []string{
			annotations.NodeTypeKey, annotations.InteractiveKey, "nodeTypeLabel", "Project spec.nodeAffinity.train", "Project spec.nodeAffinity.interactive",
			"Project spec.nodeAffinity.launcher",
		},
	},
	AppliesTo: func(job *v2beta1.MPIJob, in Input) bool {
		types, err := nodeTypes(job, in)
		return len(types) > 0 || err != nil
	},
	Ensure: ensureNodeAffinity,
	Owns: func(*v2beta1.MPIJob, Input) Ownership {
		return Ownership{Fields: []string{"template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"}}
	},
	Undo:  undoNodeAffinity,
	Holds: holdsNodeTypes,
}

func ensureNodeAffinity(job *v2beta1.MPIJob, in Input) field.ErrorList {
	types, err := nodeTypes(job, in)
	if err != nil {
		return field.ErrorList{err}
	}
	required := corev1.NodeSelectorRequirement{Key: in.Cluster.NodeTypeLabel, Operator: corev1.NodeSelectorOpIn, Values: types}
	var errs field.ErrorList
	for _, template := range confined(job, in) {
		err := compatible(template, required)
		if err == nil {
			err = tooManyTerms(template, types)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		require(&template.Spec, required)
	}
	return errs
}

// nodeTypes returns the node types that the job may run on, or nil if it may run on all.
func nodeTypes(job *v2beta1.MPIJob, in Input) ([]string, *field.Error) {
	allowed, kind := in.Project.Spec.NodeAffinity.Train, "training"
	if isInteractive(job, in) {
		allowed, kind = in.Project.Spec.NodeAffinity.Interactive, "interactive"
	}
	asked := in.Intent.NodeType
	if asked == "" {
		return allowed, nil
	}
	if len(allowed) > 0 && !slices.Contains(allowed, asked) {
		return nil, field.Invalid(annotations.Path(annotations.NodeTypeKey), asked, fmt.Sprintf(
			"is not a node type of project %s for %s jobs: must be %s", in.Project.Name, kind, strings.Join(allowed, " or ")))
	}
	return []string{asked}, nil
}

// require adds the requirement to each of the terms, because a node has to match only one of them. An
// empty term matches no node and stays empty: with the requirement it would match some.
func require(spec *corev1.PodSpec, required corev1.NodeSelectorRequirement) {
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	selector := &spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *selector == nil {
		*selector = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
		(*selector).NodeSelectorTerms[0].MatchExpressions = []corev1.NodeSelectorRequirement{required}
		return
	}
	for i := range (*selector).NodeSelectorTerms {
		term := &(*selector).NodeSelectorTerms[i]
		if !isEmpty(*term) && !slices.ContainsFunc(term.MatchExpressions, sameAs(required)) {
			term.MatchExpressions = append(term.MatchExpressions, required)
		}
	}
}

// mostAdded is the most that the node types may add to a template, in bytes: 1000 terms with 4 types of 60
// characters.
const mostAdded = 256 * 1024

// tooManyTerms returns an error for a template to which the node types would add too much, because each of
// its terms gets all of them.
func tooManyTerms(template mpijob.Template, types []string) *field.Error {
	selector := ownSelector(template.Spec.Affinity)
	// rule T38 in test/forgery TestT38Creations: thousands of affinity terms, times the node types of the project
	if most := mostAdded / (len(strings.Join(types, `","`)) + 64); selector != nil && len(selector.NodeSelectorTerms) > most {
		return field.Forbidden(termsPath(template), fmt.Sprintf("must have at most %d terms, because each gets the node types of the project", most))
	}
	return nil
}

func isEmpty(term corev1.NodeSelectorTerm) bool {
	return len(term.MatchExpressions) == 0 && len(term.MatchFields) == 0
}

func sameAs(required corev1.NodeSelectorRequirement) func(corev1.NodeSelectorRequirement) bool {
	return func(other corev1.NodeSelectorRequirement) bool {
		return other.Key == required.Key && other.Operator == required.Operator && slices.Equal(other.Values, required.Values)
	}
}
