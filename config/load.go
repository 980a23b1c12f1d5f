package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultYAML is the documented default, as text.
func DefaultYAML() []byte { return defaultYAML }

// Default returns the policy of a cluster whose administrator decided nothing.
func Default() *ClusterPolicy {
	policy := &ClusterPolicy{}
	if unknown, err := decode(defaultYAML, policy); err != nil || len(unknown) > 0 {
		panic(fmt.Sprintf("the embedded default.yaml: %v, %v", unknown, err)) // the package's tests load it
	}
	return policy
}

// Load reads a policy from a file of YAML or JSON, over the default. Path "" is the default itself.
// The error lists every unknown key and every bad value, one per line.
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
		return nil, fmt.Errorf("the cluster policy %s cannot be used:\n%w", path, err)
	}
	return policy, nil
}

// Parse reads a policy from YAML or JSON, over the default. Its errors are those of [Load].
func Parse(data []byte) (*ClusterPolicy, error) {
	policy := Default()
	policy.APIVersion, policy.Kind = "", "" // the default's must not stand in for missing ones
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

// decode takes keys exactly as they are written: encoding/json alone would accept minuid for minUID.
// What it does not know it returns beside the error, and reads the rest.
func decode(data []byte, into *ClusterPolicy) (unknown []error, err error) {
	text, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, err
	}
	return json.UnmarshalStrict(text, into)
}
