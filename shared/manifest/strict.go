package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// ToJSON reads YAML or JSON in which no key occurs twice.
func ToJSON(text []byte) ([]byte, error) {
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "))
	}
	return converted, nil
}

// DecodeStrict reads JSON with case-sensitive keys: encoding/json alone would accept minuid for minUID. It
// returns unknown keys as errors, and reads the rest.
func DecodeStrict(text []byte, into any) (unknown []error, err error) {
	found, err := json.UnmarshalStrict(text, into)
	for _, key := range found {
		unknown = append(unknown, errors.New(strings.Replace(key.Error(), "unknown field", "unknown key", 1)))
	}
	return unknown, withoutGoType(err)
}

// misfit matches an error of package json, whose error types are internal.
var misfit = regexp.MustCompile(`^json: cannot unmarshal (\w+)(?: \S+)? into Go (?:struct field \w+\.(\S+)|value) of type `)

// withoutGoType names the key that has a value of the wrong type, and not the Go type of its field.
func withoutGoType(err error) error {
	if err == nil {
		return nil
	}
	match := misfit.FindStringSubmatch(err.Error())
	switch {
	case match == nil:
		return err
	case match[2] == "":
		return fmt.Errorf("must be an object, not a %s", match[1])
	}
	return fmt.Errorf("%s: has the wrong type (%s)", match[2], match[1])
}
