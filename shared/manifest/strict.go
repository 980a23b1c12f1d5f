package manifest

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// ToJSON reads one document of YAML or JSON in which no key occurs twice.
func ToJSON(text []byte) ([]byte, error) {
	if hasMore(text) {
		return nil, errors.New("there is more than one document: remove the others")
	}
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "))
	}
	return converted, nil
}

// hasMore reports whether a second document follows the first, which is the only one that package yaml would read.
func hasMore(text []byte) bool {
	documents, lines := 0, bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	inside := false
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), " \t\r")
		start, rest := cutMarker(line)
		if start {
			inside, line = false, rest
		}
		if content := strings.TrimSpace(line); !inside && content != "" && content[0] != '#' && line[0] != '%' { // %YAML is a directive
			inside = true
			documents++
		}
	}
	return documents > 1
}

// cutMarker reports whether a line ends or begins a document, and returns what follows on it.
func cutMarker(line string) (found bool, rest string) {
	for _, marker := range []string{"---", "..."} {
		rest, found := strings.CutPrefix(line, marker)
		if found && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return true, rest
		}
	}
	return false, line
}

// DecodeStrict reads JSON with case-sensitive keys: encoding/json alone would accept minuid for minUID. It returns
// unknown keys and values of the wrong type as problems, and reads the rest.
func DecodeStrict(text []byte, into any) (problems []error, err error) {
	for {
		unknown, err := json.UnmarshalStrict(text, into)
		if rest, isMisfit := withoutMisfit(text, fmt.Sprint(err)); isMisfit { // it is only the first one, without unknown keys
			problems = append(problems, withoutGoType(err))
			text = rest
			continue
		}
		for _, key := range unknown {
			problems = append(problems, errors.New(strings.Replace(key.Error(), "unknown field", "unknown key", 1)))
		}
		return problems, withoutGoType(err)
	}
}

// withoutMisfit removes the value of the wrong type that an error is about, and reports whether there is one.
func withoutMisfit(text []byte, message string) (rest []byte, found bool) {
	match := misfit.FindStringSubmatch(message)
	var tree map[string]any
	if match == nil || json.UnmarshalCaseSensitivePreserveInts(text, &tree) != nil || !remove(tree, match[2]) {
		return nil, false
	}
	rest, err := stdjson.Marshal(tree)
	return rest, err == nil
}

// remove removes the value at a path such as gpu.fractions, and reports whether there was one.
func remove(tree map[string]any, path string) bool {
	key, below, deeper := strings.Cut(path, ".")
	value, found := tree[key]
	if next, isMap := value.(map[string]any); deeper && isMap {
		return remove(next, below)
	}
	delete(tree, key) // also a list, in which the path goes on
	return found
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
