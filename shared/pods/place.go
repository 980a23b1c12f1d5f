package pods

import "k8s.io/apimachinery/pkg/util/validation/field"

// A place is a path that costs no memory until an error needs it: a template has a hundred thousand fields, and few
// of them are wrong.
type place struct {
	base  *field.Path
	count int
	steps [8]step
}

// A step leads to a field by its name, to an element of a list by its index, or to a value of a map by its key.
type step struct {
	name  string
	index int
	kind  stepKind
}

type stepKind int8

const (
	toChild stepKind = iota
	toIndex
	toKey
)

func (p place) then(next step) place {
	if p.count == len(p.steps) {
		p = place{base: p.path()}
	}
	p.steps[p.count] = next
	p.count++
	return p
}

// Child returns the place of a field, or of a field of a field.
func (p place) Child(name string, more ...string) place {
	p = p.then(step{name: name})
	for _, name := range more {
		p = p.then(step{name: name})
	}
	return p
}

// Index returns the place of an element.
func (p place) Index(index int) place { return p.then(step{index: index, kind: toIndex}) }

// Key returns the place of a value in a map.
func (p place) Key(key string) place { return p.then(step{name: key, kind: toKey}) }

// path returns the path of the place.
func (p place) path() *field.Path {
	path := p.base
	for _, step := range p.steps[:p.count] {
		switch step.kind {
		case toIndex:
			path = path.Index(step.index)
		case toKey:
			path = path.Key(step.name)
		default:
			path = path.Child(step.name)
		}
	}
	return path
}
