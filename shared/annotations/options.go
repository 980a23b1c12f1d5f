package annotations

import (
	"errors"
	"fmt"
	"strings"
)

// Option is one name=value of a comma-separated list.
type Option struct{ Name, Value string }

// String writes the option; a value with a comma, a quote or a space at its ends is quoted.
func (o Option) String() string {
	if !strings.ContainsAny(o.Value, `,"'`) && strings.TrimSpace(o.Value) == o.Value {
		return o.Name + "=" + o.Value
	}
	return o.Name + `="` + strings.ReplaceAll(o.Value, `"`, `""`) + `"`
}

// SplitOptions reads name=value,name=value. Only the first = of a part splits it. A value in single
// or double quotes keeps its commas, and two quotes in it stand for one. Errors repeat no value.
func SplitOptions(text string) ([]Option, error) {
	var options []Option
	for rest := text; rest != ""; {
		name, after, found := strings.Cut(rest, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" || strings.Contains(name, ",") {
			// The part is not quoted: it may be the rest of a password.
			return nil, fmt.Errorf("expected KEY=VALUE pairs, but part %d is not one: quote a value that contains a comma", len(options)+1)
		}
		value, tail, err := cutValue(after)
		if err != nil {
			return nil, fmt.Errorf("invalid %s=: %w", name, err)
		}
		options, rest = append(options, Option{Name: name, Value: value}), tail
	}
	return options, nil
}

func cutValue(text string) (value, rest string, err error) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		value, rest, _ = strings.Cut(text, ",")
		return value, rest, nil
	}
	quote := text[:1]
	closing := 1
	for {
		next := strings.Index(text[closing:], quote)
		if next < 0 {
			return "", "", fmt.Errorf("missing closing quote %s", quote)
		}
		closing += next
		if !strings.HasPrefix(text[closing+1:], quote) {
			break
		}
		closing += 2
	}
	value = strings.ReplaceAll(text[1:closing], quote+quote, quote)
	rest = text[closing+1:]
	if rest != "" && rest[0] != ',' {
		return "", "", errors.New("unexpected text after the closing quote: expected a comma; double a quote that belongs to the value")
	}
	return value, strings.TrimPrefix(rest, ","), nil
}
