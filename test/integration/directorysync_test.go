package integration

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var directoryAccounts = flag.Int("directory-accounts", 500, "number of accounts in TestDirectorySync")

// Accounts in five groups each become PosixIdentities, and a second run changes nothing.
func TestDirectorySync(t *testing.T) {
	const groups = 5
	count := *directoryAccounts
	entries := slapd.People(count, 10000)
	for i := range groups {
		entries += slapd.Group(fmt.Sprintf("group%d", i), 6000+i, slapd.Names(count)...)
	}
	server := slapd.Start(t, entries, slapd.Options{})
	directory := newSynced(t, "people", server, accountsOf("people")).replaced(t, "pageSize: 100", "pageSize: 500")
	directory.expect(t, nil, summary(count, count, 0, 0, 0, 0))
	t.Logf("%d accounts: the first run took %s", count, directory.used)
	before := directory.versions(t)
	if len(before) != count {
		t.Fatalf("there are %d PosixIdentities", len(before))
	}
	want := v1alpha1.PosixIdentitySpec{
		Subject: "people:user2", UID: 10002, GID: 5000, SupplementalGroups: []int64{6000, 6001, 6002, 6003, 6004},
		UserName: "user2", Home: "/home/user2",
	}
	if diff := cmp.Diff(want, directory.identities(t)["people:user2"].Spec); diff != "" {
		t.Error(diff)
	}
	directory.expect(t, nil, summary(count, 0, 0, 0, 0, 0))
	t.Logf("the second run took %s", directory.used)
	if diff := cmp.Diff(before, directory.versions(t)); diff != "" {
		t.Errorf("the second run wrote:\n%s", diff)
	}
}

// What changes in the directory changes in the cluster, except who has which UID.
func TestDirectorySyncFollows(t *testing.T) {
	server := slapd.Start(t, slapd.People(10, 30000)+slapd.Group("physics", 6000, "user1"), slapd.Options{})
	directory := newSynced(t, "follows", server, accountsOf("follows")+"grace: 48h\n")
	lines, stderr, code := directory.run(t, "--dry-run", "--lease=default/dry")
	if found := directory.identities(t); len(found) > 0 || code != 0 || len(lines) != 11 ||
		!strings.HasPrefix(lines[0], "would create PosixIdentity follows-") ||
		lines[10] != summary(10, 10, 0, 0, 0, 0)+" (dry run: nothing was changed)" {
		t.Fatalf("exit code %d, %q, %s, %d PosixIdentities", code, lines, stderr, len(found))
	}
	directory.expect(t, nil, summary(10, 10, 0, 0, 0, 0))

	// An account is removed: its PosixIdentity ends after the grace, and is kept.
	server.Remove(t, slapd.PersonDN("user1"))
	start := time.Now().Truncate(time.Second)
	directory.expect(t, nil, summary(9, 0, 0, 1, 0, 0))
	removed := directory.identities(t)["follows:user1"]
	end := removed.Spec.NotAfter
	if end == nil || end.Time.Before(start.Add(48*time.Hour)) || end.After(time.Now().Add(48*time.Hour)) {
		t.Errorf("it ends at %v", end)
	}
	directory.expect(t, nil, summary(9, 0, 0, 0, 0, 0))

	// Its UID is not given to another account.
	server.Add(t, slapd.Person("heir", 30001, 5000))
	heir := slapd.PersonDN("heir") + ": UID 30001 belongs or belonged to follows:user1: change the account, or use --allow-reuse"
	for range 2 {
		directory.expect(t, nil, heir, summary(10, 0, 0, 0, 0, 1))
	}
	server.Remove(t, slapd.PersonDN("heir"))

	// It comes back.
	server.Add(t, slapd.Person("user1", 30001, 5000))
	directory.expect(t, nil, summary(10, 0, 0, 0, 1, 0))
	if back := directory.identities(t)["follows:user1"]; back.Spec.NotAfter != nil || len(back.Annotations) > 0 || back.UID != removed.UID {
		t.Errorf("it is %+v", back)
	}

	// Another UID is refused, and what else changed about others is not held up.
	server.Set(t, slapd.PersonDN("user2"), "uidNumber", "30999")
	server.Set(t, slapd.PersonDN("user3"), "homeDirectory", "/data/user3")
	server.Set(t, slapd.GroupDN("physics"), "memberUid", "user4")
	lines = []string{
		slapd.PersonDN("user2") + ": UID 30999 and GID 5000 differ from those of PosixIdentity " +
			directory.identities(t)["follows:user2"].Name + " (30002 and 5000): change the account, or use --allow-uid-changes",
		summary(10, 0, 3, 0, 0, 1),
	}
	directory.expect(t, nil, lines...)
	directory.expect(t, nil, lines[0], summary(10, 0, 0, 0, 0, 1))
	if found := directory.identities(t); found["follows:user2"].Spec.UID != 30002 || found["follows:user3"].Spec.Home != "/data/user3" ||
		!slices.Equal(found["follows:user4"].Spec.SupplementalGroups, []int64{6000}) ||
		len(found["follows:user1"].Spec.SupplementalGroups) > 0 {
		t.Errorf("they are %+v", found)
	}
	directory.expect(t, []string{"--allow-uid-changes"}, summary(10, 0, 1, 0, 0, 0))

	// Text of the directory does not reach the terminal as it is.
	server.Set(t, slapd.PersonDN("user5"), "homeDirectory", "/home/\x1b[31mred")
	lines, _, _ = directory.run(t)
	if text := strings.Join(lines, "\n"); !strings.Contains(text, `"/home/\x1b[31mred"`) || strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
}

// A job runs as the account of its submitter.
func TestDirectorySyncReachesJobs(t *testing.T) {
	product.Upgrade(t, "--set", "policy.identity.sources={Directory}")
	namespace := product.AddProject(t, "accounts", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	server := slapd.Start(t, slapd.People(1, 1000000)+slapd.Group("physics", 60001, "user1"), slapd.Options{})
	directory := newSynced(t, "reaches", server, accountsOf("saml"))
	directory.expect(t, nil, summary(1, 1, 0, 0, 0, 0))
	product.AddResearcher(t, namespace, "saml:user1")
	suite.Eventually(t, "the job is submitted", suite.Soon, func() error {
		_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "example/train", "--run-as-user",
			"--as", "saml:user1")
		if code != 0 {
			return errors.New(stderr)
		}
		return nil
	})
	for _, pod := range podsOf(t, product.Job(t, namespace, "dist1")).all() {
		got := pod.Spec.SecurityContext
		if *got.RunAsUser != 1000001 || *got.RunAsGroup != 5000 || !slices.Equal(got.SupplementalGroups, []int64{60001}) {
			t.Errorf("%s runs as %+v", pod.Name, got)
		}
	}
}

// The schema of Active Directory: groups in groups, disabled accounts, and StartTLS from the second server.
func TestDirectorySyncActiveDirectory(t *testing.T) {
	in := func(group string) string { return "memberOf: " + strings.ToUpper(slapd.UserDN(group)) }
	server := slapd.Start(t, slapd.Unit("users")+
		slapd.User("Alice", 40001, in("physics"))+
		slapd.User("bob", 40002)+
		strings.Replace(slapd.User("carol", 40003), "userAccountControl: 512", "userAccountControl: 514", 1)+
		strings.Replace(slapd.User("dave", 40004), "uidNumber: 40004\n", "", 1)+
		slapd.UserGroup("physics", "gidNumber: 6001", in("nogid"))+slapd.UserGroup("nogid", in("science"))+
		slapd.UserGroup("science", "gidNumber: 6003", in("physics"))+slapd.UserGroup("other", "gidNumber: 6004"), slapd.Options{})
	directory := newSynced(t, "ad", server, fmt.Sprintf(`schema: ActiveDirectory
accounts: {baseDNs: ['ou=users,%[1]s'], subject: 'ad:{{lower .userPrincipalName}}'}
groups: {baseDNs: ['ou=users,%[1]s']}
`, slapd.Suffix)).replaced(t, server.Secure, "ldaps://127.0.0.1:1, "+server.Plain)
	directory.expect(t, nil, summary(2, 2, 0, 0, 0, 0))
	want := v1alpha1.PosixIdentitySpec{
		Subject: "ad:alice@example.com", UID: 40001, GID: 5000, SupplementalGroups: []int64{6001, 6003},
		UserName: "alice", Home: "/home/Alice",
	}
	if diff := cmp.Diff(want, directory.identities(t)[want.Subject].Spec); diff != "" {
		t.Error(diff)
	}
	// A disabled account is as one that is not there.
	server.Set(t, slapd.UserDN("bob"), "userAccountControl", "514")
	directory.expect(t, nil, summary(1, 0, 0, 1, 0, 0))
}
