package ldap

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// Active Directory returns at most 1500 values of an attribute, and says so only in its name.
func TestRangesAreIncomplete(t *testing.T) {
	for name, complete := range map[string]bool{
		"member": true, "Member;range=0-1499": false, "member;Range=0-1499": false, "member;range=1500-*": true, "member;lang-de": true,
	} {
		entry := ldap.NewEntry("cn=a", map[string][]string{name: {"CN=B,DC=Example", "not a DN"}})
		read, err := entryOf(entry)
		if (err == nil) != complete {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(read.Attributes["member"], " "); complete && got != "cn=b,dc=example not a dn" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// All spellings of a DN are one.
func TestKeys(t *testing.T) {
	for _, same := range [][]string{
		{"cn=a b,dc=example,dc=com", "CN=A B, DC=Example, DC=com", "cn=a\\20b,dc=example,dc=com", "cn = a b;dc=example;dc=com"},
		{"cn=a\\,b,dc=example", "CN=a\\2cb,dc=example", "cn=A\\2Cb,dc=EXAMPLE"},
		{"cn=müller,dc=example", "cn=M\\c3\\bcller,dc=example"},
	} {
		for _, dn := range same[1:] {
			if key(dn) != key(same[0]) {
				t.Errorf("%q is %q, and %q is %q", dn, key(dn), same[0], key(same[0]))
			}
		}
	}
	if key("cn=a,cn=b") == key("cn=b,cn=a") || key("cn=a\\,cn=b") == key("cn=a,cn=b") {
		t.Error("different DNs have one key")
	}
}
