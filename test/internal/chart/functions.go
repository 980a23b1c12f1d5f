package chart

import (
	"errors"
	"fmt"
	"strings"
	"text/template"

	"golang.org/x/mod/semver"
	"sigs.k8s.io/yaml"
)

// kubernetesVersion is one that the chart supports. The demo's own version is not known before it runs.
const kubernetesVersion = "v1.37.0"

// functions are the functions of helm that the chart's templates use.
var functions = template.FuncMap{
	"contains":      func(part, text string) bool { return strings.Contains(text, part) },
	"default":       func(other, value any) any { return firstSet(value, other) },
	"fail":          func(message string) (string, error) { return "", errors.New(message) },
	"int":           func(value float64) int { return int(value) },
	"nindent":       func(n int, text string) string { return indent("\n"+text, n) },
	"required":      required,
	"quote":         func(value any) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
	"semverCompare": isBelow,
	"toString":      func(value any) string { return fmt.Sprint(value) },
	"toYaml":        toYAML,
	"trimSuffix":    func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
	"trunc":         func(n int, text string) string { return text[:min(n, len(text))] },
}

func firstSet(value, other any) any {
	if truth, _ := template.IsTrue(value); truth {
		return value
	}
	return other
}

func required(message string, value any) (any, error) {
	if value == nil || value == "" {
		return nil, errors.New(message)
	}
	return value, nil
}

func indent(text string, n int) string {
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n))
}

func toYAML(value any) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

// isBelow supports only constraints such as <1.33.0-0.
func isBelow(constraint, version string) (bool, error) {
	bound, ok := strings.CutPrefix(constraint, "<")
	if !ok {
		return false, fmt.Errorf("unsupported constraint %q: expected a form such as <1.33.0-0", constraint)
	}
	return semver.Compare(version, "v"+bound) < 0, nil
}
