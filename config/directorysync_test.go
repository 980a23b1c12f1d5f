package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const directoryHeader = "apiVersion: policy.run.ai/v1alpha1\nkind: DirectorySync\n"

const smallest = directoryHeader + "servers: [ldaps://ldap.example.com]\naccounts: {baseDNs: ['ou=people,dc=example'], subject: '{{.uid}}'}\n"

func TestDefaultDirectorySyncDocumentsEveryKey(t *testing.T) {
	var written map[string]any
	if err := yaml.Unmarshal(DefaultDirectorySyncYAML(), &written); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys(reflect.TypeFor[DirectorySync](), "") {
		if !has(written, key) {
			t.Errorf("directorysync.yaml does not have %s", key)
		}
	}
}

// A file needs only what has no default, and the schema says the rest.
func TestSchemas(t *testing.T) {
	for schema, want := range map[DirectorySchema][]string{
		SchemaRFC2307:         {"(objectClass=posixAccount)", "uidNumber", "gidNumber", "uid", "homeDirectory", "(objectClass=posixGroup)", "gidNumber", "memberUid"},
		SchemaActiveDirectory: {presets[SchemaActiveDirectory].accounts.Filter, "uidNumber", "gidNumber", "sAMAccountName", "unixHomeDirectory", "(objectClass=group)", "gidNumber", "memberOf"},
	} {
		sync, err := ParseDirectorySync([]byte(smallest + "schema: " + string(schema)))
		if err != nil {
			t.Fatal(err)
		}
		a, g := sync.Accounts, sync.Groups
		if diff := cmp.Diff(want, []string{a.Filter, a.UID, a.GID, a.UserName, a.Home, g.Filter, g.GID, string(g.Membership)}); diff != "" {
			t.Errorf("%s: %s", schema, diff)
		}
	}
	sync, err := ParseDirectorySync([]byte(strings.Replace(smallest, "{baseDNs", "{uid: employeeNumber, baseDNs", 1)))
	if err != nil || sync.Accounts.UID != "employeeNumber" || sync.Accounts.GID != "gidNumber" {
		t.Errorf("%+v, %v", sync, err)
	}
}

func TestBadDirectories(t *testing.T) {
	for text, want := range map[string]string{
		"name: Corp":                         `name: Invalid value: "Corp": must be at most 30 lower-case letters`,
		"name: ''":                           `name: Invalid value: "": must be`,
		"schema: LDAP":                       `schema: Unsupported value: "LDAP": must be RFC2307 or ActiveDirectory`,
		"schema: rfc2307":                    `schema: Unsupported value: "rfc2307"`,
		"timeout: soon":                      `timeout: Invalid value: "soon": must be a duration, for example 30m`,
		"timeout: 0s":                        `timeout: Invalid value: "0s": must be a duration above 0`,
		"grace: -1h":                         `grace: Invalid value: "-1h0m0s": must not be negative`,
		"grace: 7":                           `grace: Invalid value: 7: must be a duration`,
		"pageSize: 0":                        `pageSize: Invalid value: 0: must be from 1 to 10000`,
		"minUID: 0":                          `minUID: Invalid value: 0: must be from 1 to 2147483647`,
		"maxUID: 999":                        `maxUID: Invalid value: 999: must be from 1000 to 2147483647`,
		"maxUID: 1e10":                       `maxUID: Invalid value: 10000000000: must be from 1000 to 2147483647`,
		"minGID: 0":                          `minGID: Invalid value: 0: must be from 1 to 2147483647`,
		"bindDN: cn=a":                       `passwordFile: Required value: must be the file with the password of bindDN`,
		"passwordFile: /a":                   `bindDN: Required value: must be the DN of the account whose password is in passwordFile`,
		"bindDN: cn=a\npasswordFile: a":      `passwordFile: Invalid value: "a": must be an absolute path`,
		"caFile: ca.crt":                     `caFile: Invalid value: "ca.crt": must be an absolute path`,
		"password: secret":                   `unknown key "password"`,
		"startTls: true":                     `unknown key "startTls"`,
		"startTLS: nope":                     `startTLS: has the wrong type (string)`,
		"groups: {membership: uniqueMember}": `groups.membership: Unsupported value: "uniqueMember": must be memberUid, member or memberOf`,
		"limits: {minAccounts: 0}":           `limits.minAccounts: Invalid value: 0: must be from 1 to 2147483647`,
		"limits: {maxVanishedPercent: 101}":  `limits.maxVanishedPercent: Invalid value: 101: must be from 0 to 100`,
		"limits: {maxEntries: 0}":            `limits.maxEntries: Invalid value: 0: must be from 1 to 10000000`,
		"kind: ClusterPolicy":                `key "kind" already set in map`,
	} {
		_, err := ParseDirectorySync([]byte(smallest + text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for _, server := range []string{"", "ldap.example.com", "https://ldap.example.com", "ldaps://", "ldaps://ldap.example.com/dc=example", "ldaps://a:b@ldap.example.com", "ldaps://ldap.example.com?x", "ldapi:///socket"} {
		_, err := ParseDirectorySync([]byte(strings.Replace(smallest, "ldaps://ldap.example.com", "'"+server+"'", 1)))
		if err == nil || !strings.Contains(err.Error(), "servers") {
			t.Errorf("server %q: got %v", server, err)
		}
	}
	_, err := ParseDirectorySync([]byte("{}"))
	for _, key := range []string{"apiVersion", "kind", "servers", "accounts.baseDNs", "accounts.subject"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("an empty file: %v does not say that %s is missing", err, key)
		}
	}
}

func TestSubjects(t *testing.T) {
	attributes := map[string][]string{"uid": {"Alice"}, "mail": {"a@example.com", "b@example.com"}, "upn": {"{{.uid}}"}}
	for text, want := range map[string]string{
		"saml:{{.uid}}": "saml:Alice", "{{.UID}}": "Alice", "{{ lower .uid }}@example.com": "alice@example.com", "{{- .uid -}}": "Alice",
		"{{.uid}}-{{.uid}}": "Alice-Alice", "{{.upn}}": "{{.uid}}", // what an attribute says is not a template
		"{{.mail}}": "attribute mail has 2 values: accounts.subject needs exactly one",
		"{{.cn}}":   "attribute cn has 0 values: accounts.subject needs exactly one",
	} {
		subject, err := ParseSubject(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := subject.Of(attributes)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	for _, text := range []string{
		"", "saml:", "{{", "{{.}}", "{{.a.b}}", "{{uid}}", "{{printf \"%s\" .uid}}", "{{.uid | lower}}", "{{if .uid}}a{{end}}", "{{range .uid}}{{end}}", "{{$x := .uid}}{{$x}}",
		"{{define \"x\"}}{{.uid}}{{end}}{{template \"x\" .}}", "{{define \"x\"}}{{end}}{{.uid}}", "{{with .uid}}{{end}}", "{{lower}}{{.uid}}", "{{lower .uid .cn}}", "{{\"a\"}}", "{{/* a */}}",
	} {
		if subject, err := ParseSubject(text); err == nil {
			t.Errorf("%q is accepted: %v", text, subject.Attributes)
		}
	}
}

// Every template that is accepted needs only the attributes that it says, with a value.
func FuzzSubject(f *testing.F) {
	f.Add("saml:{{.uid}}", "alice")
	f.Add("{{lower .UID}}@{{.mail}}", "A\x00")
	f.Add("{{.uid}}", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		subject, err := ParseSubject(text)
		if err != nil {
			return
		}
		attributes := map[string][]string{}
		for _, name := range subject.Attributes {
			attributes[name] = []string{value}
		}
		if _, err := subject.Of(attributes); (err != nil) != (value == "") {
			t.Errorf("%q with %q: %v", text, value, err)
		}
	})
}
