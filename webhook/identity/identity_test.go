package identity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

func user(name string, extra map[string][]string) authenticationv1.UserInfo {
	info := authenticationv1.UserInfo{Username: name, Extra: map[string]authenticationv1.ExtraValue{}}
	for key, values := range extra {
		info.Extra["run.ai/"+key] = values
	}
	return info
}

func TestClaims(t *testing.T) {
	groups := func(n int) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprint(60000 + i)
		}
		return all
	}
	alice := &annotations.Identity{UID: 1000001, GID: 54000, Groups: []int64{60001, 60002}, UserName: "alice", Home: "/home/alice", Source: string(config.SourceClaims)}
	named := func(name string) *annotations.Identity {
		return &annotations.Identity{UID: 1000001, GID: 54000, UserName: name, Home: "/home/" + name, Source: string(config.SourceClaims)}
	}
	both := map[string][]string{"uid": {"1000001"}, "gid": {"54000"}}
	with := func(key string, values ...string) map[string][]string {
		return map[string][]string{"uid": both["uid"], "gid": both["gid"], key: values}
	}
	for _, test := range []struct {
		name string
		user authenticationv1.UserInfo
		want *annotations.Identity
		err  string
	}{
		{"all", user("saml:alice@example.com", with("supplementary-groups", "60002", "60001", "54000", "60001")), alice, ""},
		{"a name claim", user("x", with("user-name", "ada")), named("ada"), ""},
		{"an invalid name claim", user("saml:alice", with("user-name", "Ada Lovelace")), named("alice"), ""},
		{"two name claims", user("alice", with("user-name", "ada", "bob")), named("alice"), ""},
		{"a system user's name", user("saml:root", both), named("u1000001"), ""},
		{"a service account", user("system:serviceaccount:ci:robot", both), named("robot"), ""},
		{"a name with a line end", user("alice\nroot", both), named("u1000001"), ""},
		{"a name with a colon at its end", user("alice:", both), named("u1000001"), ""},
		{"a name that is too long", user(strings.Repeat("a", 33), both), named("u1000001"), ""},
		{"no claims", user("bob", nil), nil, "the cluster has no UID and GID for bob"},
		{"no gid", user("bob", map[string][]string{"uid": {"1001"}}), nil, "claim run.ai/gid has 0 values, expected 1"},
		{"no uid", user("bob", map[string][]string{"gid": {"1001"}}), nil, "claim run.ai/uid has 0 values, expected 1"},
		{"groups only", user("bob", map[string][]string{"supplementary-groups": {"1001"}}), nil, "claim run.ai/uid has 0 values, expected 1"},
		{"two uids", user("bob", with("uid", "1001", "1002")), nil, "claim run.ai/uid has 2 values, expected 1"},
		{"a float", user("bob", with("uid", "1e+06")), nil, `claim run.ai/uid is "1e+06", expected a decimal number above 0`},
		{"zero", user("bob", with("uid", "0")), nil, `claim run.ai/uid is "0", expected a decimal number`},
		{"negative", user("bob", with("gid", "-1")), nil, `claim run.ai/gid is "-1", expected a decimal number`},
		{"hexadecimal", user("bob", with("uid", "0x3e9")), nil, `claim run.ai/uid is "0x3e9", expected a decimal number`},
		{"a leading zero", user("bob", with("uid", "01001")), nil, `claim run.ai/uid is "01001", expected a decimal number`},
		{"a space", user("bob", with("uid", " 1001")), nil, "expected a decimal number"},
		{"Arabic digits", user("bob", with("uid", "١٠٠١")), nil, "expected a decimal number"},
		{"too large", user("bob", with("uid", "4294967295")), nil, "claim run.ai/uid is 4294967295, expected at most 2147483647"},
		{"much too large", user("bob", with("uid", "18446744073709551617")), nil, "expected a decimal number"},
		{"a system uid", user("bob", with("uid", "999")), nil, "claim run.ai/uid is 999, which is below the minimum: ask your administrator for a UID of at least 1000"},
		{"a system group", user("bob", with("supplementary-groups", "60001", "27")), nil, "claim run.ai/supplementary-groups is 27, which is below the minimum: ask your administrator for a GID of at least 1000"},
		{"an empty group", user("bob", with("supplementary-groups", "")), nil, "claim run.ai/supplementary-groups is \"\", expected a decimal number"},
		{"too many groups", user("bob", with("supplementary-groups", groups(257)...)), nil, "has 257 values, expected at most 256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Resolve(Question{User: test.user}, config.Default().Identity)
			if diff := cmp.Diff(test.want, got, cmp.FilterValues(func(a, b []int64) bool { return len(a)+len(b) == 0 }, cmp.Ignore())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}

// Several authenticators can set the claims. Only those that the cluster policy lists are trusted.
func TestTrustedSources(t *testing.T) {
	policy := config.Default().Identity
	policy.TrustedSources = []string{"keycloak-hpc"}
	for source, trusted := range map[string]bool{"keycloak-hpc": true, "other": false, "": false} {
		extra := map[string][]string{"uid": {"1001"}, "gid": {"1001"}}
		if source != "" {
			extra["source"] = []string{source}
		}
		if got, err := Resolve(Question{User: user("bob", extra)}, policy); (got != nil) != trusted || (err == nil) != trusted {
			t.Errorf("%q: got %v, %v", source, got, err)
		}
	}
}

func FuzzClaims(f *testing.F) {
	f.Add("saml:alice@example.com", "1000001", "54000", "60001", "ada")
	f.Add("root", "0", "4294967295", "1e+06", "a:b\nc")
	f.Fuzz(func(t *testing.T, name, uid, gid, group, claim string) {
		got, err := Resolve(Question{User: user(name, map[string][]string{"uid": {uid}, "gid": {gid}, "supplementary-groups": {group}, "user-name": {claim}})}, config.Default().Identity)
		if err != nil {
			return
		}
		for _, id := range append([]int64{got.UID, got.GID}, got.Groups...) {
			if text := fmt.Sprint(id); id < 1000 || id > 1<<31-1 || text != uid && text != gid && text != group {
				t.Errorf("id %d of %q, %q, %q", id, uid, gid, group)
			}
		}
		if !posixName.MatchString(got.UserName) || got.Home != "/home/"+got.UserName {
			t.Errorf("name %q, home %q", got.UserName, got.Home)
		}
	})
}
