package pods

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/names"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

func (c *checker) invalid(path place, value any, detail string) {
	c.add(path, field.ErrorTypeInvalid, value, detail)
}

func (c *checker) forbidden(path place, detail string) {
	c.add(path, field.ErrorTypeForbidden, "", detail)
}

func (c *checker) missing(path place, detail string) {
	c.add(path, field.ErrorTypeRequired, "", detail)
}

func (c *checker) add(path place, kind field.ErrorType, value any, detail string) {
	c.failed = true
	if path.path != nil {
		c.errs = append(c.errs, &field.Error{Type: kind, Field: path.path.String(), BadValue: value, Detail: detail})
	}
}

// required reports whether a text is set.
func (c *checker) required(path place, value string) bool {
	if value == "" {
		c.missing(path, "must be set")
	}
	return value != ""
}

func (c *checker) within(path place, value, least, most int64) {
	if value < least || value > most {
		c.invalid(path, value, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

func (c *checker) atLeast(path place, value, least int64) {
	if value < least {
		c.invalid(path, value, fmt.Sprintf("must be at least %d", least))
	}
}

// choice validates that a value is one of several.
func choice[T ~string](c *checker, path place, value T, choices ...T) {
	if slices.Contains(choices, value) {
		return
	}
	names := make([]string, 0, len(choices))
	for _, one := range choices {
		names = append(names, string(one))
	}
	c.invalid(path, value, "must be "+suggest.OneOf(names...))
}

// only validates that one of several fields is set, given which of them are.
func (c *checker) only(path place, what string, set ...string) {
	switch len(set) {
	case 0:
		c.missing(path, "must have "+what)
	case 1:
	default:
		c.forbidden(path, "has "+strings.Join(set, " and ")+": use only one of them")
	}
}

func (c *checker) label(path place, value string) {
	if !names.IsLabel(value) {
		c.invalid(path, value, "must have at most 63 lower case letters, digits and '-', and begin and end with a letter or digit")
	}
}

func (c *checker) subdomain(path place, value string) {
	if !names.IsSubdomain(value) {
		c.invalid(path, value, subdomainForm)
	}
}

const subdomainForm = "must have at most 253 lower case letters, digits, '-' and '.', and each part between '.' must begin and end with a letter or digit"

func (c *checker) qualifiedName(path place, value string) {
	if !names.IsQualified(value) {
		c.invalid(path, value, "must be a name such as queue or example.com/queue: at most 63 letters, digits, '-', '_' and '.', after an optional domain")
	}
}

func (c *checker) labelValue(path place, value string) {
	if !names.IsLabelValue(value) {
		c.invalid(path, value, "must have at most 63 letters, digits, '-', '_' and '.', and begin and end with a letter or digit")
	}
}

// localPath validates a path below a directory. Default of its last parameter: anything goes before the '..'.
func (c *checker) localPath(path place, value string) {
	if strings.HasPrefix(value, "/") {
		c.invalid(path, value, "must be a relative path")
	}
	c.noBacksteps(path, value)
}

// fileName validates the path of a file in a volume of files.
func (c *checker) fileName(path place, value string) {
	if !c.required(path, value) {
		return
	}
	c.localPath(path, value)
	if strings.HasPrefix(value, "..") && value != ".." && !strings.HasPrefix(value, "../") {
		c.invalid(path, value, "must not begin with '..'")
	}
}

func (c *checker) noBacksteps(path place, value string) {
	for part := range strings.SplitSeq(value, "/") {
		if part == ".." {
			c.invalid(path, value, "must not contain '..'")
			return
		}
	}
}

// fileMode validates the permissions of a file, and user its owner.
func (c *checker) fileMode(path place, mode *int32) {
	if mode != nil && (*mode < 0 || *mode > 0o777) {
		c.invalid(path, *mode, "must be from 0 to 0777 (511)")
	}
}

func (c *checker) id(path place, id *int64) {
	if id != nil {
		c.within(path, *id, 0, 1<<31-1)
	}
}

func (c *checker) ip(path place, value string) {
	if len(value) > 100 || len(validation.IsValidIPForLegacyField(nil, value, true, nil)) > 0 {
		c.invalid(path, value, "must be an IP address such as 10.0.0.1")
	}
}

// unique reports whether a name was not seen before.
func (c *checker) unique(seen map[string]bool, path place, name, of string) bool {
	if seen[name] {
		c.invalid(path, name, "is already the name of another "+of+": use another name")
		return false
	}
	seen[name] = true
	return true
}
