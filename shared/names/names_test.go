package names

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

var recognisers = map[string]struct {
	quick, whole func(string) bool
	kubernetes   func(string) []string
}{
	"label":       {isLabel, IsLabel, validation.IsDNS1123Label},
	"subdomain":   {isSubdomain, IsSubdomain, validation.IsDNS1123Subdomain},
	"qualified":   {isQualified, IsQualified, validation.IsQualifiedName},
	"label value": {isName, IsLabelValue, validation.IsValidLabelValue},
}

// A name is recognised if and only if Kubernetes accepts it. One that it refuses is never accepted by its bytes alone.
func TestAsKubernetes(t *testing.T) {
	accepted := map[string]int{}
	check := func(text string) {
		for kind, of := range recognisers {
			want := len(of.kubernetes(text)) == 0
			if got := of.whole(text); got != want {
				t.Errorf("%s %q: got %t, want %t", kind, text, got, want)
			}
			if of.quick(text) {
				accepted[kind]++
				if !want {
					t.Errorf("%s %q is accepted by its bytes", kind, text)
				}
			}
		}
	}
	eachText("", 4, []string{"a", "z", "A", "0", "9", "-", "_", ".", "/", " ", "\n", "é", "\x80", "`", "{", "[", "@", ":"}, check)
	for _, char := range []string{"a", "A", "0", "-", ".", "a.", ".a", "a-", "/", "é"} {
		for _, length := range []int{1, 61, 62, 63, 64, 65, 126, 252, 253, 254, 255, 316, 317, 318, 1000} {
			long := strings.Repeat(char, length)
			for _, text := range []string{long, "a" + long + "a", "a/" + long, long + "/a", "a.b/" + long, long + "/" + long, strings.Repeat("a", 253) + "/" + long} {
				check(text)
			}
		}
	}
	for kind := range recognisers {
		if accepted[kind] < 20 {
			t.Errorf("%s: only %d texts were accepted by their bytes", kind, accepted[kind])
		}
	}
}

// eachText visits each text of up to so many parts.
func eachText(begin string, parts int, alphabet []string, visit func(string)) {
	visit(begin)
	if parts == 0 {
		return
	}
	for _, part := range alphabet {
		eachText(begin+part, parts-1, alphabet, visit)
	}
}

// What is accepted costs no memory.
func TestAllocations(t *testing.T) {
	for name, of := range map[string]func() bool{
		"label":       func() bool { return IsLabel("runai-start-gate") },
		"subdomain":   func() bool { return IsSubdomain("git-credentials.team-a") },
		"qualified":   func() bool { return IsQualified("files.run.ai/sshd_config") },
		"label value": func() bool { return IsLabelValue("dgx-A100_80") },
	} {
		if allocated := testing.AllocsPerRun(10, func() {
			if !of() {
				t.Error(name + " is refused")
			}
		}); allocated > 0 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}
