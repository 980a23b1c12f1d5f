package policy

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// An Ownership declares the parts of a job that a policy writes. No update of the job may remove or change
// them.
type Ownership struct {
	// Containers are names of init containers.
	Containers []string
	// Volumes are names of volumes. Their mounts are owned with them.
	Volumes []string
	// Mounts are paths at which the policy mounts something of its own.
	Mounts []string
	// Trees are paths at, above and below which nothing else may be mounted.
	Trees []string
	// Env are names of variables of main containers.
	Env []string
	// Annotations are keys on the job or on its pod templates, as patterns of [path.Match].
	Annotations []string
	// OpenAnnotations are patterns of the only annotations of pod templates that an update may change, unless a
	// policy owns them. Default: all. At most one policy declares any.
	OpenAnnotations []string
	// Labels are keys on the job or on its pod templates.
	Labels []string
	// Fields are paths of other fields, with everything below them. A path begins with "spec" or,
	// for every pod template, with "template". An element of a list is named by what identifies it,
	// as in "template.spec.tolerations[example.com/key]"; "[*]" is any element.
	Fields []string
}

func (o *Ownership) add(other Ownership) {
	o.Containers = append(o.Containers, other.Containers...)
	o.Volumes = append(o.Volumes, other.Volumes...)
	o.Mounts = append(o.Mounts, other.Mounts...)
	o.Trees = append(o.Trees, other.Trees...)
	o.Env = append(o.Env, other.Env...)
	o.Annotations = append(o.Annotations, other.Annotations...)
	o.OpenAnnotations = append(o.OpenAnnotations, other.OpenAnnotations...)
	o.Labels = append(o.Labels, other.Labels...)
	o.Fields = append(o.Fields, other.Fields...)
}

// HasAnnotation reports whether an annotation is owned.
func (o Ownership) HasAnnotation(key string) bool { return matchesAny(o.Annotations, key) }

// HasTemplateAnnotation reports whether an annotation of a pod template is owned, or none of the open ones.
func (o Ownership) HasTemplateAnnotation(key string) bool {
	return o.HasAnnotation(key) || len(o.OpenAnnotations) > 0 && !matchesAny(o.OpenAnnotations, key)
}

func matchesAny(patterns []string, key string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if beginsOtherwise(pattern, key) {
			return false
		}
		matched, err := path.Match(pattern, key)
		return err == nil && matched
	})
}

// beginsOtherwise reports whether the first letter of a key is another one than a pattern begins with, as for almost
// every key.
func beginsOtherwise(pattern, key string) bool {
	return pattern != "" && key != "" && pattern[0] != key[0] && strings.IndexByte(`*?[\`, pattern[0]) < 0
}

// HasLabel reports whether a label is owned.
func (o Ownership) HasLabel(key string) bool { return slices.Contains(o.Labels, key) }

// HasField reports whether a field or one of its parents is owned.
func (o Ownership) HasField(name string) bool {
	return slices.ContainsFunc(o.Fields, func(declared string) bool { return isAtOrBelow(name, declared) })
}

func isAtOrBelow(name, declared string) bool {
	for {
		before, after, wildcard := strings.Cut(declared, "[*]")
		rest, begins := strings.CutPrefix(name, before)
		if !begins {
			return false
		}
		if !wildcard {
			return rest == "" || rest[0] == '.' || rest[0] == '['
		}
		_, rest, indexed := strings.Cut(rest, "]")
		if !indexed {
			return false
		}
		name, declared = rest, after
	}
}

// othersOwn returns what each policy that applies to a job owns in it, without the named policy.
func (in Input) othersOwn(job *v2beta1.MPIJob, name string) iter.Seq[Ownership] {
	return func(yield func(Ownership) bool) {
		for _, policy := range in.chain {
			if policy.Name != name && policy.appliesTo(job, in) && !yield(policy.owns(job, in)) {
				return
			}
		}
	}
}
