package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

var docsBody = docgen.Text(`
The cluster policy is one file, which the chart makes from ^policy^ in its [values](../../charts/runai-mpi/values.yaml).
Write only the keys that you change:

^^^yaml
apiVersion: policy.run.ai/v1alpha1
kind: ClusterPolicy
scheduling:
  schedulerName: kai-scheduler
gpu:
  fractions: KAI
^^^

An unknown key or a bad value is an error: the webhook does not start, and the replicas with the old cluster policy keep
running. Try a file on a job first: ^runai-webhook admit -f job.yaml --policy cluster-policy.yaml^.
`)

// The page has every key of the type, with what default.yaml says of it.
func TestDocs(t *testing.T) {
	page := docgen.Head("The cluster policy", "Look up each key of the cluster policy: its type, its default and what it does.",
		"[config/default.yaml](../../config/default.yaml) and its Go type") + docsBody +
		tables(t, string(DefaultYAML()), func() validated { return Default() })
	golden.Compare(t, "../docs/reference/cluster-policy.md", page)
}

var directoryBody = docgen.Text(`
This file says how ^runai-webhook directory sync^ makes [PosixIdentities](posixidentity.md) from the accounts of an LDAP
server or of Active Directory. [Accounts from a directory](../directory.md) shows how to write one. The smallest:

^^^yaml
apiVersion: policy.run.ai/v1alpha1
kind: DirectorySync
servers: [ldaps://ldap.example.com]
accounts:
  baseDNs: ["ou=people,dc=example,dc=com"]
  subject: saml:{{.uid}}
^^^

An unknown key or a bad value is an error, and nothing is changed. Where a value is empty, the schema has it:

`)

// The page has every key of a directory's file.
func TestDirectoryDocs(t *testing.T) {
	var schemas [][]string
	rfc2307, activeDirectory := presets[SchemaRFC2307], presets[SchemaActiveDirectory]
	for _, row := range [][3]string{
		{"accounts.filter", rfc2307.accounts.Filter, activeDirectory.accounts.Filter},
		{"accounts.uid", rfc2307.accounts.UID, activeDirectory.accounts.UID},
		{"accounts.gid", rfc2307.accounts.GID, activeDirectory.accounts.GID},
		{"accounts.userName", rfc2307.accounts.UserName, activeDirectory.accounts.UserName},
		{"accounts.home", rfc2307.accounts.Home, activeDirectory.accounts.Home},
		{"groups.filter", rfc2307.groups.Filter, activeDirectory.groups.Filter},
		{"groups.gid", rfc2307.groups.GID, activeDirectory.groups.GID},
		{"groups.membership", string(rfc2307.groups.Membership), string(activeDirectory.groups.Membership)},
	} {
		schemas = append(schemas, []string{docgen.Code(row[0]), docgen.Code(row[1]), docgen.Code(row[2])})
	}
	page := docgen.Head("The configuration of a directory", "Look up each key of a directory's configuration: its type, its default and what it does.",
		"[config/directorysync.yaml](../../config/directorysync.yaml) and its Go type") + directoryBody +
		docgen.Table([]string{"key", "RFC2307", "ActiveDirectory"}, schemas) +
		tables(t, string(DefaultDirectorySyncYAML()), func() validated { return defaultDirectorySync() })
	golden.Compare(t, "../docs/reference/directory-sync.md", page)
}

// validated is a pointer to the type of a file.
type validated interface{ Validate() field.ErrorList }

// tables returns the keys of a file with comments, a table for each section.
func tables(t *testing.T, text string, makeDefault func() validated) (page string) {
	t.Helper()
	typ := reflect.TypeOf(makeDefault()).Elem()
	written := parseComments(t, text, typ)
	if len(written) < 30 {
		t.Errorf("only %d keys are commented", len(written))
	}
	var rows [][]string
	flush := func() {
		if len(rows) > 0 {
			page += "\n" + docgen.Table([]string{"key", "type", "default", "meaning"}, rows)
		}
		rows = nil
	}
	for _, key := range written {
		if key.comment == "" {
			t.Errorf("the default does not say what %s is", key.path)
		}
		of, known := typeOf(typ, key.path)
		switch {
		case !known: // below a key that has a type of Kubernetes
		case of.Kind() == reflect.Struct && isOurs(of) && !strings.Contains(key.path, "."):
			flush()
			page += "\n## " + key.path + "\n\n" + key.comment + "\n"
		default:
			values := accepted(makeDefault(), key.path)
			rows = append(rows, []string{docgen.Code(key.path), typeName(values, of), docgen.Code(key.value), key.comment})
		}
	}
	flush()
	return page
}

// A commentedKey is a key of a YAML file, with the comment above it and the value beside or below it.
type commentedKey struct{ path, value, comment string }

// parseComments reads YAML as default.yaml is written: two spaces a level, comments above their keys. Keys
// below one whose type is not of this module belong to its value.
func parseComments(t *testing.T, text string, typ reflect.Type) []commentedKey {
	t.Helper()
	var keys []commentedKey
	var parents, comment []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		content := strings.TrimLeft(line, " ")
		name, value, isKey := strings.Cut(content, ":")
		value = strings.TrimSpace(value)
		level := (len(line) - len(content)) / 2
		switch {
		case content == "":
			comment = nil
		case content[0] == '#':
			comment = append(comment, strings.TrimSpace(content[1:]))
		case !isKey:
			t.Errorf("this test cannot read %q", line)
		case name == "apiVersion" || name == "kind":
		default:
			parents = append(slices.Clone(parents[:level]), name)
			path := strings.Join(parents, ".")
			if last := len(keys) - 1; level > 0 && !hasMembers(typ, strings.Join(parents[:level], ".")) {
				keys[last].value = strings.TrimPrefix(keys[last].value+", ", ", ") + content
			} else {
				keys = append(keys, commentedKey{path, value, strings.Join(comment, " ")})
			}
			comment = nil
		}
	}
	return keys
}

func hasMembers(typ reflect.Type, path string) bool {
	of, known := typeOf(typ, path)
	return known && of.Kind() == reflect.Struct && isOurs(of)
}

// typeOf finds the type of a key.
func typeOf(in reflect.Type, path string) (reflect.Type, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	for member := range in.Fields() {
		if tag, _, _ := strings.Cut(member.Tag.Get("json"), ","); tag == name {
			if !deeper {
				return member.Type, true
			}
			return typeOf(member.Type, rest)
		}
	}
	return nil, false
}

func isOurs(of reflect.Type) bool { return !strings.HasPrefix(of.PkgPath(), "k8s.io/") }

func typeName(values []string, of reflect.Type) string {
	switch {
	case len(values) > 0 && of.Kind() == reflect.Slice:
		return "list of " + docgen.Code(values...)
	case len(values) > 0:
		return docgen.Code(values...)
	}
	switch of.String() {
	case "v1.Duration":
		return "duration"
	case "config.MaxSize":
		return "quantity"
	}
	switch of.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "list of strings"
	}
	return "object"
}

// accepted are the values that validation accepts for a key of a valid file, if it accepts certain strings only.
func accepted(file validated, path string) []string {
	value := reflect.ValueOf(file).Elem()
	for _, name := range strings.Split(path, ".") {
		value = value.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
	}
	switch {
	case value.Kind() == reflect.String:
		value.SetString("?")
	case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.String:
		element := reflect.New(value.Type().Elem()).Elem()
		element.SetString("?")
		value.Set(reflect.Append(reflect.MakeSlice(value.Type(), 0, 1), element))
		path += "[0]"
	}
	for _, err := range file.Validate() {
		list, found := strings.CutPrefix(err.Detail, "must be ")
		if found && err.Field == path && err.Type == field.ErrorTypeNotSupported {
			return strings.Split(strings.Replace(list, " or ", ", ", 1), ", ")
		}
	}
	return nil
}
