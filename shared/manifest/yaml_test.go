package manifest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// longestKey is about the maximum length of an annotation's key in Kubernetes. YAML allows fewer than 1024
// characters in a key, including escapes.
const longestKey = 150

// FuzzYAML checks that any string, as a key and as a value, is read back unchanged.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{"plain", "\x7f", "\u0085", "a\u2028b\u2029c", "\ufeffmark", "\ufffe", "\t\r\n", "yes", "0x1F", "- a: b", strings.Repeat("long ", 80)} {
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
		var back map[string]string
		if err := yaml.UnmarshalStrict(document, &back); err != nil {
			t.Fatalf("%s\n%s", err, document)
		}
		if back["value"] != text || back[key] != "x" {
			t.Errorf("%q came back as %q\n%s", text, back, document)
		}
	})
}
