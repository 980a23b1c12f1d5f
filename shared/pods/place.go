package pods

import "k8s.io/apimachinery/pkg/util/validation/field"

// A place is the path of a field. The zero value costs nothing, and neither do the places below it: a template has a
// hundred thousand fields, and few templates have an error that names one.
type place struct{ path *field.Path }

// Child returns the place of a field, or of a field of a field.
func (p place) Child(name string, more ...string) place {
	if p.path == nil {
		return p
	}
	return place{p.path.Child(name, more...)}
}

// Index returns the place of an element.
func (p place) Index(index int) place {
	if p.path == nil {
		return p
	}
	return place{p.path.Index(index)}
}

// Key returns the place of a value in a map.
func (p place) Key(key string) place {
	if p.path == nil {
		return p
	}
	return place{p.path.Key(key)}
}
