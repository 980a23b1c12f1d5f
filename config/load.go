package config

import (
	_ "embed"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/json"

	"github.com/runai-mpi/runai-mpi/shared/manifest"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultYAML is the documented default, as text.
func DefaultYAML() []byte { return defaultYAML }

// Default returns a new copy of the default policy.
func Default() *ClusterPolicy {
	policy := &ClusterPolicy{}
	if problems, err := decode(defaultYAML, policy, texts); err != nil || len(problems) > 0 {
		panic(fmt.Sprintf("the embedded default.yaml: %v, %v", problems, err)) // the package's tests load it
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
	problems, err := decode(data, policy, texts)
	if err != nil {
		return nil, errors.Join(append(problems, err)...)
	}
	for _, err := range policy.Validate() {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return policy, nil
}

// decode returns unknown keys and unreadable values as problems, and reads the rest.
func decode(data []byte, into any, texts []text) (problems []error, err error) {
	text, err := manifest.ToJSON(data)
	if err != nil {
		return nil, err
	}
	text, problems = withoutUnreadable(text, texts)
	unknown, err := manifest.DecodeStrict(text, into)
	return append(problems, unknown...), err
}

// A text is a value with a form of its own. The section is "" for a key of the first level.
type text struct {
	section, key string
	read         func(string) error
}

// texts lists those of the cluster policy.
var texts = []text{
	{"gitSync", "timeout", readDuration},
	{"start", "timeout", readDuration},
	{"start", "maxTimeout", readDuration},
	{"largeShm", "maxSize", func(text string) error { return new(MaxSize).UnmarshalText([]byte(text)) }},
}

func readDuration(text string) error {
	if _, err := time.ParseDuration(text); err != nil {
		return errors.New("must be a duration, for example 30m")
	}
	return nil
}

// withoutUnreadable removes the values at which the decoder would stop, so that one of them does not hide
// the other problems.
func withoutUnreadable(text []byte, texts []text) (rest []byte, problems []error) {
	var tree map[string]any
	if json.UnmarshalCaseSensitivePreserveInts(text, &tree) != nil {
		return text, nil // the decoder returns the error
	}
	for _, value := range texts {
		section, at := tree, field.NewPath(value.key)
		if value.section != "" {
			section, _ = tree[value.section].(map[string]any)
			at = field.NewPath(value.section, value.key)
		}
		written, isText := section[value.key].(string)
		if _, present := section[value.key]; !present {
			continue
		}
		if err := value.read(written); err != nil || !isText {
			problems = append(problems, field.Invalid(at, section[value.key], fmt.Sprint(err)))
			delete(section, value.key)
		}
	}
	if len(problems) == 0 {
		return text, nil
	}
	rest, err := stdjson.Marshal(tree)
	if err != nil {
		return text, nil
	}
	return rest, problems
}
