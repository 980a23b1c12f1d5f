package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

func entry(name string, spec v1alpha1.PosixIdentitySpec) v1alpha1.PosixIdentity {
	return v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
}

func TestDirectory(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	alice := v1alpha1.PosixIdentitySpec{Subject: "alice", UID: 1001, GID: 1002, SupplementalGroups: []int64{2002, 1002, 2001}}
	with := func(change func(*v1alpha1.PosixIdentitySpec)) []v1alpha1.PosixIdentity {
		spec := alice
		change(&spec)
		return []v1alpha1.PosixIdentity{entry("alice", spec)}
	}
	robot := func(namespaces ...string) []v1alpha1.PosixIdentity {
		return with(func(s *v1alpha1.PosixIdentitySpec) {
			s.Subject, s.Namespaces = "system:serviceaccount:ci:robot", namespaces
		})
	}
	is := func(name, home string) *annotations.Identity {
		return &annotations.Identity{UID: 1001, GID: 1002, Groups: []int64{2001, 2002}, UserName: name, Home: home, Source: "Directory"}
	}
	until := func(then time.Time) []v1alpha1.PosixIdentity {
		return with(func(s *v1alpha1.PosixIdentitySpec) { s.NotAfter = &metav1.Time{Time: then} })
	}
	for _, test := range []struct {
		name    string
		entries []v1alpha1.PosixIdentity
		want    *annotations.Identity
		err     string
	}{
		{"an entry", with(func(*v1alpha1.PosixIdentitySpec) {}), is("alice", "/home/alice"), ""},
		{"a name and a home", with(func(s *v1alpha1.PosixIdentitySpec) { s.UserName, s.Home = "ada", "/data/home/ada" }), is("ada", "/data/home/ada"), ""},
		{"a system user's name", with(func(s *v1alpha1.PosixIdentitySpec) { s.UserName = "root" }), is("alice", "/home/alice"), ""},
		{"a second before its end", until(now.Add(time.Second)), is("alice", "/home/alice"), ""},
		{"its end", until(now), nil, "PosixIdentity alice expired on 2026-01-31 12:00 UTC: ask your administrator to renew it"},
		{"two entries", append(with(func(*v1alpha1.PosixIdentitySpec) {}), entry("again", alice)), nil, "alice has 2 PosixIdentity entries (again and alice): ask your administrator to delete all but one"},
		{"a service account in its namespace", robot("ci", "runai-a"), is("robot", "/home/robot"), ""},
		{"a service account elsewhere", robot("ci"), nil, "PosixIdentity alice is not valid in namespace runai-a"},
		{"a system's uid", with(func(s *v1alpha1.PosixIdentitySpec) { s.UID = 27 }), nil, "UID 27 (source Directory) is below the minimum: ask your administrator for a UID of at least 1000"},
		{"a system's group", with(func(s *v1alpha1.PosixIdentitySpec) { s.SupplementalGroups = []int64{27} }), nil, "GID 27 (source Directory) is below the minimum: ask your administrator for a GID of at least 1000"},
		{"a system's directory", with(func(s *v1alpha1.PosixIdentitySpec) { s.Home = "/etc/alice" }), nil, `PosixIdentity alice has the invalid home "/etc/alice"`},
		{"the root", with(func(s *v1alpha1.PosixIdentitySpec) { s.Home = "/" }), nil, `PosixIdentity alice has the invalid home "/"`},
		{"a way up", with(func(s *v1alpha1.PosixIdentitySpec) { s.Home = "/home/../etc" }), nil, `PosixIdentity alice has the invalid home "/home/../etc"`},
		{"no entry", nil, nil, "the cluster has no UID and GID for alice: ask your administrator to create a PosixIdentity for you"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := Question{User: user("alice", nil), Namespace: "runai-a", Now: now, Entries: test.entries}
			policy := config.Default().Identity
			policy.Sources = []config.IdentitySource{config.SourceDirectory}
			got, err := Resolve(q, policy)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}

// Sources are tried in the cluster policy's order, and no source completes the answer of another.
func TestOrderOfSources(t *testing.T) {
	question := func(extra map[string][]string) Question {
		return Question{
			User: user("alice", extra), Client: &annotations.ClientIdentity{UID: 3001, GID: 3001},
			Entries: []v1alpha1.PosixIdentity{entry("alice", v1alpha1.PosixIdentitySpec{Subject: "alice", UID: 2001, GID: 2001})},
		}
	}
	both, partial := map[string][]string{"uid": {"1001"}, "gid": {"1001"}}, map[string][]string{"uid": {"1001"}}
	const claims, directory, client = config.SourceClaims, config.SourceDirectory, config.SourceClient
	for _, test := range []struct {
		sources []config.IdentitySource
		extra   map[string][]string
		uid     int64 // 0: refused
	}{
		{[]config.IdentitySource{claims}, both, 1001},
		{[]config.IdentitySource{directory, claims}, both, 2001},
		{[]config.IdentitySource{claims, directory}, nil, 2001},
		{[]config.IdentitySource{claims, directory}, partial, 0},
		{[]config.IdentitySource{claims}, nil, 0}, // the workstation is not read
		{[]config.IdentitySource{claims, client}, nil, 3001},
	} {
		policy := config.Default().Identity
		policy.Sources = test.sources
		got, err := Resolve(question(test.extra), policy)
		if test.uid == 0 && err == nil || test.uid != 0 && (err != nil || got.UID != test.uid) {
			t.Errorf("%v of %v: got %v, %v", test.sources, test.extra, got, err)
		}
	}
}
