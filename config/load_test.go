package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestDefaultIsValid(t *testing.T) {
	if errs := Default().Validate(); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	parsed, err := Parse(DefaultYAML())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), parsed); diff != "" {
		t.Errorf("the default as a file is another policy (-default +parsed):\n%s", diff)
	}
}

// Administrators read the default to find the keys, so it must have every key.
func TestDefaultDocumentsEveryKey(t *testing.T) {
	var written map[string]any
	if err := yaml.Unmarshal(DefaultYAML(), &written); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys(reflect.TypeFor[ClusterPolicy](), "") {
		if !has(written, key) {
			t.Errorf("default.yaml does not have %s", key)
		}
	}
}

// keys returns the paths of all keys of a struct of this package.
func keys(typ reflect.Type, prefix string) []string {
	var all []string
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "":
			all = append(all, keys(field.Type, prefix)...)
		case field.Type.Kind() == reflect.Struct && !strings.HasPrefix(field.Type.PkgPath(), "k8s.io/"):
			all = append(all, keys(field.Type, prefix+name+".")...)
		default:
			all = append(all, prefix+name)
		}
	}
	return all
}

func has(tree map[string]any, path string) bool {
	key, rest, deeper := strings.Cut(path, ".")
	value, present := tree[key]
	if !deeper || !present {
		return present
	}
	next, isMap := value.(map[string]any)
	return isMap && has(next, rest)
}

const header = "apiVersion: policy.run.ai/v1alpha1\nkind: ClusterPolicy\n"

// Comments, markers and empty documents around the policy are not a second document.
func TestOneDocument(t *testing.T) {
	for _, text := range []string{"---\n" + header, "# a\n---\n# b\n" + header + "---\n# c\n", header + "...\n", "--- # a\n" + header, "%YAML 1.1\n---\n" + header, header + "ssh:\n  port: 2222 # ---\n"} {
		if _, err := Parse([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFileOverlaysDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	text := header + "scheduling: {schedulerName: kai-scheduler}\ngpu: {fractions: KAI}\nlargeShm: {maxSize: 16Gi}\nidentity: {sources: [Directory, Claims], supplementalGroupsPolicy: Off}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Scheduling.SchedulerName = "kai-scheduler"
	want.GPU.Fractions = FractionsKAI
	want.LargeShm.MaxSize = 16 << 30
	want.Identity.SupplementalGroupsPolicy = GroupsOff // unquoted, which YAML reads as false
	want.Identity.Sources = []IdentitySource{SourceDirectory, SourceClaims}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Start.Timeout.Duration != 30*time.Minute {
		t.Errorf("the start's timeout is %s", got.Start.Timeout.Duration)
	}
}

func TestBadPolicies(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", []string{`apiVersion: Unsupported value: ""`, `kind: Unsupported value: ""`}},
		{"no YAML", "a: [", []string{"yaml"}},
		{"an unknown key", header + "projectLable: x", []string{`unknown key "projectLable"`}},
		{"two unknown keys", header + "ssh: {prot: 1}\nstart: {gaet: true}", []string{`"ssh.prot"`, `"start.gaet"`}},
		{"an unknown key and a bad value", header + "shs: {}\nssh: {port: 1}", []string{`unknown key "shs"`, "ssh.port: Invalid value: 1"}},
		{"another case", header + "projectlabel: x", []string{`unknown key "projectlabel"`}},
		{"a key twice", header + "ssh: {port: 2222}\nssh: {port: 2223}", []string{`"ssh" already set`}},
		{"another kind", "apiVersion: policy.run.ai/v1alpha1\nkind: Project", []string{`kind: Unsupported value: "Project"`}},
		{"a bad label", header + "projectLabel: 'a b'", []string{"projectLabel: Invalid value"}},
		{"an unknown backend", header + "gpu: {fractions: MPS}", []string{`gpu.fractions: Unsupported value: "MPS": must be None or KAI`}},
		{"KAI without its scheduler", header + "gpu: {fractions: KAI}", []string{"scheduling.schedulerName: Required value: gpu.fractions KAI needs the KAI scheduler"}},
		{"no source", header + "identity: {sources: []}", []string{"identity.sources: Required value"}},
		{"a source twice", header + "identity: {sources: [Claims, Claims]}", []string{`identity.sources[1]: Duplicate value: "Claims"`}},
		{"an unknown source", header + "identity: {sources: [Ldap]}", []string{`identity.sources[0]: Unsupported value: "Ldap"`}},
		{"no claim of the UID", header + "identity: {claims: {uid: ''}}", []string{"identity.claims.uid: Required value"}},
		{"root", header + "identity: {minUID: 0}", []string{"identity.minUID: Invalid value: 0"}},
		{"a privileged port", header + "ssh: {port: 22}", []string{"ssh.port: Invalid value: 22"}},
		{"no timeout", header + "start: {timeout: 0s}", []string{"start.timeout: Invalid value"}},
		{"a word as the timeout", header + "start: {timeout: soon}", []string{`start.timeout: Invalid value: "soon": must be a duration, for example 30m`}},
		{"a maximum below the default", header + "start: {timeout: 2h, maxTimeout: 1h}", []string{`start.maxTimeout: Invalid value: "1h0m0s": must be at least start.timeout`}},
		{"a relative target", header + "gitSync: {defaultTarget: code}", []string{"gitSync.defaultTarget: Invalid value"}},
		{"no image", header + "gitSync: {image: ''}", []string{"gitSync.image: Required value"}},
		{"a bad size", header + "largeShm: {maxSize: big}", []string{`largeShm.maxSize: Invalid value: "big": must be a quantity`}},
		{"a number as the timeout", header + "gitSync: {timeout: 30}", []string{`gitSync.timeout: Invalid value: 30: must be a duration`}},
		{"a bad size and more", header + "largeShm: {maxSize: big}\ngpus: {}\nssh: {port: 1}", []string{"largeShm.maxSize", `unknown key "gpus"`, "ssh.port"}},
		{"a text as the port", header + "ssh: {port: many}", []string{"ssh.port: has the wrong type (string)"}},
		{"types, keys and values", header + "workers: 3\nssh: yes\ngpu: {fraction: KAI}\nidentity: {minUID: [1], sources: [1, Claims]}\nstart: {maxTimeout: 1}\nscheduling: {gang: {}}", []string{
			"workers: has the wrong type (number)", "ssh: has the wrong type (bool)", `unknown key "gpu.fraction"`,
			"identity.minUID: has the wrong type (array)", "identity.sources: has the wrong type (number)", "start.maxTimeout: Invalid value: 1"}},
		{"a word as the maximum", header + "start: {maxTimeout: soon}", []string{`start.maxTimeout: Invalid value: "soon": must be a duration`}},
		{"a list", "[]", []string{"must be an object"}},
		{"a text", "policy", []string{"must be an object, not a string"}},
		{"two documents", header + "---\n" + header, []string{"there is more than one document"}},
		{"an end and more", header + "...\nssh: {port: 1}", []string{"there is more than one document"}},
		{"another on the line", header + "--- {ssh: {port: 1}}", []string{"there is more than one document"}},
		{"a bad restriction", header + "restrictions: {hostPath: Maybe}", []string{`restrictions.hostPath: Unsupported value: "Maybe"`}},
		{"no workers", header + "workers: {max: 0}", []string{`workers.max: Invalid value: 0: must be a whole number above 0, for example 10000`}},
		{"code over programs", header + "gitSync: {defaultTarget: /usr/bin}", []string{"gitSync.defaultTarget: Invalid value", "would hide files"}},
		{"paths that are not clean", header + "sharedStorage: {hostPaths: [scratch, /a/../b, /a/, /, //a, '/a:b', '']}", []string{
			"hostPaths[0]", "hostPaths[1]", "hostPaths[2]", "hostPaths[3]", "hostPaths[4]", "hostPaths[5]", "hostPaths[6]"}},
		{"a path twice", header + "sharedStorage: {hostPaths: [/a, /a]}", []string{`sharedStorage.hostPaths[1]: Duplicate value: "/a"`}},
		{"invalid exports", header + "sharedStorage: {nfs: [/a, 'nas:a', ':/a', 'nas:/a/', 'a b:/c', 'nas:/']}", []string{
			"nfs[0]", "nfs[1]", "nfs[2]", "nfs[3]", "nfs[4]", "nfs[5]"}},
		{"a bad driver", header + "sharedStorage: {csiDrivers: [a b]}", []string{"sharedStorage.csiDrivers[0]: Invalid value"}},
		{"a bad subPaths", header + "sharedStorage: {subPaths: Maybe}", []string{`sharedStorage.subPaths: Unsupported value: "Maybe": must be Allow or Deny`}},
		{"bad annotations", header + "identity: {podAnnotations: ['*', 'a*', '*/b', 'example.com/a*', 'a b']}", []string{
			"podAnnotations[0]", "podAnnotations[1]", "podAnnotations[2]", "podAnnotations[3]", "podAnnotations[4]"}},
		{"a profile without a name", header + "identity: {localhostProfiles: ['']}", []string{"identity.localhostProfiles[0]: Invalid value"}},
		{"all at once", header + "gpu: {fractions: MPS}\nssh: {port: 1}\nrestrictions: {hostIPC: Never}", []string{"gpu.fractions", "ssh.port", "restrictions.hostIPC"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.text))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "absent.yaml")); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(DefaultYAML())
	f.Add([]byte(header + "largeShm: {maxSize: 1Gi}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		policy, err := Parse(data)
		if (policy == nil) == (err == nil) {
			t.Errorf("policy %v with error %v", policy, err)
		}
		if err == nil && len(policy.Validate()) > 0 {
			t.Error("an invalid policy was accepted")
		}
	})
}
