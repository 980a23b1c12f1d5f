package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"regexp"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultYAML is the documented default, as text.
func DefaultYAML() []byte { return defaultYAML }

// Default returns a new copy of the default policy.
func Default() *ClusterPolicy {
	policy := &ClusterPolicy{}
	if unknown, err := decode(defaultYAML, policy); err != nil || len(unknown) > 0 {
		panic(fmt.Sprintf("the embedded default.yaml: %v, %v", unknown, err)) // the package's tests load it
	}
	return policy
}

// Load reads a policy from a YAML or JSON file. Keys that are not in the file keep their defaults. The path
// "" means the default policy. The error lists every unknown key and every invalid value, one per line.
func Load(path string) (*ClusterPolicy, error) {
	if path == "" {
		return Default(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the cluster policy: %w", err)
	}
	policy, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("invalid cluster policy %s:\n%w", path, err)
	}
	return policy, nil
}

// Parse reads a policy from YAML or JSON. Its defaults and its errors are those of [Load].
func Parse(data []byte) (*ClusterPolicy, error) {
	policy := Default()
	policy.APIVersion, policy.Kind = "", "" // these have no default
	unknown, err := decode(data, policy)
	if err != nil {
		return nil, err
	}
	for _, err := range policy.Validate() {
		unknown = append(unknown, err)
	}
	if len(unknown) > 0 {
		return nil, errors.Join(unknown...)
	}
	return policy, nil
}

// decode reads the keys case-sensitively: encoding/json alone would accept minuid for minUID. It returns
// unknown keys as errors, and reads the rest.
func decode(data []byte, into *ClusterPolicy) (unknown []error, err error) {
	text, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, err
	}
	unknown, err = json.UnmarshalStrict(text, into)
	if err != nil {
		return nil, withoutGoType(err)
	}
	return unknown, nil
}

// misfit matches an error of package json, whose error types are internal.
var misfit = regexp.MustCompile(`^json: cannot unmarshal (\w+)(?: \S+)? into Go struct field \w+\.(\S+) of type `)

// withoutGoType names the key that has a value of the wrong type, and not the Go type of its field.
func withoutGoType(err error) error {
	match := misfit.FindStringSubmatch(err.Error())
	if match == nil {
		return err
	}
	return fmt.Errorf("%s: has the wrong type (%s)", match[2], match[1])
}
