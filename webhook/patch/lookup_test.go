package patch

import "testing"

func TestIsObject(t *testing.T) {
	for _, test := range []struct {
		reason, raw, path string
		want              bool
	}{
		{"the document", `{}`, "", true},
		{"a member, behind others", "{\"a\": {\"b\":{}} ,\n\t\"b\": {}}", "b", true},
		{"an absent member", `{"a":{}}`, "b", false},
		{"null", `{"a":null,"b":{}}`, "a", false},
		{"nothing is below null, whatever follows", `{"a":null,"0":{},"b":{}}`, "a/0", false},
		{"nothing is below a string", `{"a":"x","b":{}}`, "a/b", false},
		{"a list", `{"a":[]}`, "a", false},
		{"an element, behind nested ones", `{"a":[[{},{}],{"b":[{}]},{"c":{}}]}`, "a/2/c", true},
		{"an element too many", `{"a":[{}],"1":{}}`, "a/1", false},
		{"brackets and quotes in strings", `{"]}\"":["}","\\"],"a":{}}`, "a", true},
		{"an escaped key", `{"\u0061":{}}`, "a", true},
		{"a key that only looks like an index", `{"0":{}}`, "0", true},
		{"broken JSON", `{"a":{"b`, "a/b", false},
		{"no JSON", ``, "a", false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			path := test.path
			if path != "" {
				path = "/" + path
			}
			if got := isObject([]byte(test.raw), []byte(path)); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
