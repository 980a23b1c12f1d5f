package manifest

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

func isHidden(char rune) bool { return char != '\n' && terminal.IsHidden(char) }

// longestKey is about the maximum length of an annotation's key in Kubernetes. YAML allows fewer than 1024
// characters in a key, including escapes.
const longestKey = 150

// FuzzYAML checks that any string, as a key and as a value, is read back unchanged.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{"a\u202eb\u200b \ufe0f\U000e0001 \U0010ffff", `\U0010FFFF202e`, `"\u202e'`, "line\nline\u200e\n", "plain", "\x7f", "\u0085", "a\u2028b\u2029c", "\ufeffmark", "\ufffe", "\t\r\n", "yes", "0x1F", "- a: b", strings.Repeat("long ", 80)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // not valid in JSON
		}
		key := "key " + text[:min(len(text), longestKey)]
		if !utf8.ValidString(key) {
			key = "key"
		}
		document, err := YAML(map[string]string{"value": text, key: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.IndexFunc(string(document), isHidden); at >= 0 {
			t.Errorf("%q is not escaped: %q", text, document)
		}
		var back map[string]string
		if err := yaml.UnmarshalStrict(document, &back); err != nil {
			t.Fatalf("%s\n%s", err, document)
		}
		if back["value"] != text || back[key] != "x" {
			t.Errorf("%q came back as %q\n%s", text, back, document)
		}
	})
}

// FuzzEscapeJSON checks that any string, as a key and as a value, is read back unchanged.
func FuzzEscapeJSON(f *testing.F) {
	for _, text := range []string{"plain", "\x7f\u0085", "a\u202eb\u2028\U000e0001", `\u202e`, "\t\r\n<"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // not valid in JSON
		}
		document, err := json.Marshal(map[string]string{"value": text, "key " + text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		escaped := EscapeJSON(document)
		if at := strings.IndexFunc(string(escaped), isHidden); at >= 0 {
			t.Errorf("%q is not escaped: %q", text, escaped)
		}
		var back map[string]string
		if err := json.Unmarshal(escaped, &back); err != nil || back["value"] != text || back["key "+text] != "x" {
			t.Errorf("%q came back as %q: %v", text, back, err)
		}
	})
}
