package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

var noon = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

// people is the configuration of a directory.
func people(t testing.TB, more string) *config.DirectorySync {
	t.Helper()
	sync, err := config.ParseDirectorySync([]byte(`
apiVersion: policy.run.ai/v1alpha1
kind: DirectorySync
name: people
servers: [ldaps://ldap.example.com]
accounts: {baseDNs: ['dc=example'], subject: 'saml:{{.uid}}'}
groups: {baseDNs: ['dc=example']}
` + more))
	if err != nil {
		t.Fatal(err)
	}
	return sync
}

// account returns an entry with a uid and pairs of more attributes.
func account(name, uid string, more ...string) Entry {
	entry := Entry{DN: "uid=" + name, Key: "uid=" + name, Attributes: map[string][]string{
		"uid": {name}, "uidnumber": {uid}, "gidnumber": {"5000"}, "homedirectory": {"/home/" + name},
	}}
	for i := 0; i < len(more); i += 2 {
		entry.Attributes[more[i]] = strings.Fields(more[i+1])
	}
	return entry
}

// owned returns the PosixIdentity that the directory made of an account.
func owned(name string, uid int64) v1alpha1.PosixIdentity {
	return *newIdentity(Account{Subject: "saml:" + name, UID: uid, GID: 5000, UserName: name, Home: "/home/" + name}, "people")
}

// closed returns one whose account vanished an hour ago, with a grace of a day.
func closed(name string, uid int64) v1alpha1.PosixIdentity {
	entry := owned(name, uid)
	vanish(&entry, noon.Add(-time.Hour), 24*time.Hour)
	return entry
}

// foreign returns one that an administrator wrote.
func foreign(name string, uid int64) v1alpha1.PosixIdentity {
	entry := owned(name, uid)
	entry.Name, entry.Labels = name, nil
	return entry
}

func changed(entry v1alpha1.PosixIdentity, change func(*v1alpha1.PosixIdentity)) v1alpha1.PosixIdentity {
	change(&entry)
	return entry
}

func TestPlans(t *testing.T) {
	alice, bob := account("alice", "1001"), account("bob", "1002")
	for _, test := range []struct {
		name       string
		existing   []v1alpha1.PosixIdentity
		accounts   []Entry
		options    Options
		config     string
		subject    string
		actions    []string // without the hash at the end of names
		complaints []string
		refused    string
	}{
		{name: "new accounts", accounts: []Entry{alice, bob}, actions: []string{"create saml:alice 1001", "create saml:bob 1002"}},
		{name: "nothing changed", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{alice}},
		{name: "another home", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alice", "1001", "homedirectory", "/data/alice")},
			actions: []string{"change saml:alice 1001"}},
		{name: "vanished", existing: []v1alpha1.PosixIdentity{owned("alice", 1001), owned("bob", 1002)}, accounts: []Entry{alice},
			actions: []string{"close saml:bob 1002 until 2030-02-01T12:00:00Z"}},
		{name: "still vanished", existing: []v1alpha1.PosixIdentity{owned("alice", 1001), closed("bob", 1002)}, accounts: []Entry{alice}},
		{name: "reappeared", existing: []v1alpha1.PosixIdentity{closed("alice", 1001)}, accounts: []Entry{alice}, actions: []string{"reopen saml:alice 1001"}},
		{name: "another uid", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alice", "1003", "homedirectory", "/data/alice")},
			complaints: []string{"uid=alice: UID 1003 and GID 5000 differ from those of PosixIdentity NAME (1001 and 5000): change the account, or use --allow-uid-changes"}},
		{name: "another gid", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alice", "1001", "gidnumber", "5001")},
			complaints: []string{"uid=alice: UID 1001 and GID 5001 differ from those of PosixIdentity NAME (1001 and 5000): change the account, or use --allow-uid-changes"}},
		{name: "another uid, allowed", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alice", "1003")},
			options: Options{AllowUIDChanges: true}, actions: []string{"change saml:alice 1003 formerly 1001"}},
		{name: "another uid of one that reappeared", existing: []v1alpha1.PosixIdentity{closed("alice", 1001)}, accounts: []Entry{account("alice", "1003")},
			complaints: []string{"uid=alice: UID 1003 and GID 5000 differ from those of PosixIdentity NAME (1001 and 5000): change the account, or use --allow-uid-changes"}},
		{name: "the uid of a closed account", existing: []v1alpha1.PosixIdentity{closed("alice", 1001)}, accounts: []Entry{account("bob", "1001")},
			complaints: []string{"uid=bob: UID 1001 belongs or belonged to saml:alice: change the account, or use --allow-reuse"}},
		{name: "the uid of a closed account, allowed", existing: []v1alpha1.PosixIdentity{closed("alice", 1001)}, accounts: []Entry{account("bob", "1001")},
			options: Options{AllowReuse: true}, actions: []string{"create saml:bob 1001"}},
		{name: "a renamed account", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alison", "1001")},
			actions:    []string{"close saml:alice 1001 until 2030-02-01T12:00:00Z"},
			complaints: []string{"uid=alison: UID 1001 belongs or belonged to saml:alice: change the account, or use --allow-reuse"}},
		{name: "a former uid", accounts: []Entry{account("alice", "1003"), account("bob", "1001")},
			existing:   []v1alpha1.PosixIdentity{changed(owned("alice", 1003), func(e *v1alpha1.PosixIdentity) { rememberUID(e, 1001) })},
			complaints: []string{"uid=bob: UID 1001 belongs or belonged to saml:alice: change the account, or use --allow-reuse"}},
		{name: "one that reappears after its uid was given away", existing: []v1alpha1.PosixIdentity{closed("alice", 1001), closed("bob", 1001)}, accounts: []Entry{alice},
			complaints: []string{"uid=alice: UID 1001 belongs or belonged to saml:bob: change the account, or use --allow-reuse"}},
		{name: "a subject twice", existing: []v1alpha1.PosixIdentity{owned("bob", 1002)},
			accounts: []Entry{bob, alice, {DN: "cn=alice", Attributes: account("alice", "1009").Attributes}},
			complaints: []string{"cn=alice: subject saml:alice also belongs to uid=alice: change one of them",
				"uid=alice: subject saml:alice also belongs to cn=alice: change one of them"}},
		{name: "a subject twice, once without a uid", accounts: []Entry{alice, {DN: "cn=alice", Attributes: map[string][]string{"uid": {"alice"}}}},
			complaints: []string{"cn=alice: attribute uidNumber has 0 values: it must have exactly one",
				"uid=alice: subject saml:alice also belongs to cn=alice: change one of them"}},
		{name: "a uid twice", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{alice, account("bob", "1001")},
			complaints: []string{"uid=alice: UID 1001 also belongs to uid=bob: change one of them", "uid=bob: UID 1001 also belongs to uid=alice: change one of them"}},
		{name: "an identity that an administrator wrote", existing: []v1alpha1.PosixIdentity{foreign("alice", 1001)}, accounts: []Entry{alice, bob},
			actions: []string{"create saml:bob 1002"},
			complaints: []string{"uid=alice: subject saml:alice has the PosixIdentity alice, which does not belong to the directory: delete it, " +
				"or set its label policy.run.ai/directory=people"}},
		{name: "an administrator's identity without an account", existing: []v1alpha1.PosixIdentity{foreign("bob", 1002)}, accounts: []Entry{alice},
			actions: []string{"create saml:alice 1001"}},
		{name: "the uid of an administrator's identity", existing: []v1alpha1.PosixIdentity{foreign("robot", 1001)}, accounts: []Entry{alice},
			complaints: []string{"uid=alice: UID 1001 belongs or belonged to saml:robot: change the account, or use --allow-reuse"}},
		{name: "two identities", existing: []v1alpha1.PosixIdentity{owned("alice", 1001), foreign("alice", 1001)}, accounts: []Entry{alice},
			complaints: []string{"uid=alice: subject saml:alice has 2 PosixIdentities (alice and NAME): delete all but one"}},
		{name: "the name of another", accounts: []Entry{alice},
			existing:   []v1alpha1.PosixIdentity{changed(foreign("bob", 1002), func(e *v1alpha1.PosixIdentity) { e.Name = objectName("saml:alice", "people") })},
			complaints: []string{"uid=alice: PosixIdentity NAME has the name that this account would get, but another subject: delete it"}},
		{name: "unusable accounts", accounts: []Entry{
			bob, account("c", "x"), account("d", "1e3"), account("e", "0x3e9"), account("f", "-1"), account("g", "4294967295"), account("h", "", "uidnumber", "1001 1002"),
			account("i", "1011", "gidnumber", ""), account("j", "1012", "homedirectory", "/etc"), account("k", "1013", "uid", ""),
			account("l", "1014", "uid", "l m"), account("m\x1b", "1015"), account("n", "1016", "homedirectory", "/home/n /home/m"), account("o", "01017"),
		}, actions: []string{"create saml:bob 1002"}, complaints: []string{
			`uid=c: attribute uidNumber is "x": it must be a decimal number of at most 2147483647`,
			`uid=d: attribute uidNumber is "1e3": it must be a decimal number of at most 2147483647`,
			`uid=e: attribute uidNumber is "0x3e9": it must be a decimal number of at most 2147483647`,
			`uid=f: attribute uidNumber is "-1": it must be a decimal number of at most 2147483647`,
			`uid=g: attribute uidNumber is "4294967295": it must be a decimal number of at most 2147483647`,
			`uid=h: attribute uidNumber has 2 values: it must have exactly one`,
			`uid=i: attribute gidNumber has 0 values: it must have exactly one`,
			`uid=j: attribute homeDirectory is "/etc": it must be a path that is not the system's, for example /home/alice`,
			`uid=k: attribute uid has 0 values: accounts.subject needs exactly one`,
			`uid=l: attribute uid has 2 values: accounts.subject needs exactly one`,
			"uid=m\x1b: subject \"saml:m\\x1b\" has characters that a username cannot have: change the attribute",
			`uid=n: attribute homeDirectory has 2 values: it must have at most one`,
			`uid=o: attribute uidNumber is "01017": it must be a decimal number of at most 2147483647`,
		}},
		{name: "an unusable account has not vanished", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alice", "x")},
			complaints: []string{`uid=alice: attribute uidNumber is "x": it must be a decimal number of at most 2147483647`}},
		{name: "system users", accounts: []Entry{alice}, subject: "system:{{.uid}}",
			complaints: []string{`uid=alice: subject "system:alice" is a system user: change accounts.subject`}},
		{name: "out of bounds", accounts: []Entry{account("root", "0"), account("daemon", "999"), account("a", "70000"), account("b", "1003", "gidnumber", "10"), alice},
			config: "maxUID: 60000", actions: []string{"create saml:alice 1001"}},
		{name: "an account that left the bounds", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, accounts: []Entry{account("alice", "0")},
			options:    Options{AllowUIDChanges: true},
			complaints: []string{"NAME: the account of saml:alice is out of bounds (UID 0 is not from minUID 1000 to maxUID 2147483647): change the account or the bounds"}},
		{name: "no accounts", existing: []v1alpha1.PosixIdentity{owned("alice", 1001)}, refused: "the directory has 0 accounts, fewer than limits.minAccounts 1: nothing is changed"},
		{name: "few accounts", accounts: []Entry{alice}, config: "limits: {minAccounts: 2}", refused: "the directory has 1 accounts, fewer than limits.minAccounts 2: nothing is changed"},
		{name: "many vanished", existing: []v1alpha1.PosixIdentity{owned("alice", 1001), owned("bob", 1002), owned("c", 1003)}, accounts: []Entry{alice},
			refused: "2 of 3 accounts are no longer in the directory, more than limits.maxVanishedPercent 20: nothing is changed"},
		{name: "groups vanished", accounts: []Entry{alice, bob}, refused: "4 of 4 memberships in groups are no longer in the directory, more than limits.maxVanishedPercent 20: nothing is changed",
			existing: []v1alpha1.PosixIdentity{changed(owned("alice", 1001), groups(6000, 6001)), changed(owned("bob", 1002), groups(6000, 6002))}},
		{name: "one group vanished", accounts: []Entry{alice, bob}, actions: []string{"change saml:alice 1001"},
			existing: []v1alpha1.PosixIdentity{changed(owned("alice", 1001), groups(6000)), owned("bob", 1002)}},
		{name: "none may vanish", existing: []v1alpha1.PosixIdentity{owned("alice", 1001), owned("bob", 1002)}, accounts: []Entry{alice},
			config: "limits: {maxVanishedPercent: 0}", refused: "1 of 2 accounts are no longer in the directory, more than limits.maxVanishedPercent 0: nothing is changed"},
		{name: "an administrator's end", accounts: []Entry{alice, bob}, existing: []v1alpha1.PosixIdentity{
			changed(owned("alice", 1001), until("2030-01-01T00:00:00Z")), changed(closed("bob", 1002), func(*v1alpha1.PosixIdentity) {}),
		}, actions: []string{"reopen saml:bob 1002"}},
		{name: "an earlier end stays", accounts: []Entry{bob}, existing: []v1alpha1.PosixIdentity{changed(owned("alice", 1001), until("2030-01-01T00:00:00Z")), owned("bob", 1002)},
			actions: []string{"close saml:alice 1001 until 2030-01-01T00:00:00Z"}},
		{name: "a later end is brought forward", accounts: []Entry{bob}, existing: []v1alpha1.PosixIdentity{changed(owned("alice", 1001), until("2031-01-01T00:00:00Z")), owned("bob", 1002)},
			actions: []string{"close saml:alice 1001 until 2030-02-01T12:00:00Z"}},
		{name: "an administrator's end comes back", accounts: []Entry{alice}, existing: []v1alpha1.PosixIdentity{changed(owned("alice", 1001), func(e *v1alpha1.PosixIdentity) {
			until("2031-01-01T00:00:00Z")(e)
			vanish(e, noon, time.Hour)
		})}, actions: []string{"reopen saml:alice 1001 until 2031-01-01T00:00:00Z"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sync := people(t, test.config)
			if test.subject != "" {
				sync.Accounts.Subject = test.subject
			}
			test.options.Now = noon
			plan, err := planOf(test.existing, test.accounts, sync, test.options)
			if test.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.refused) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var actions, complaints []string
			for _, action := range plan.Actions {
				actions = append(actions, describe(action))
			}
			for _, complaint := range plan.Complaints {
				complaints = append(complaints, withoutNames(complaint.String()))
			}
			slices.Sort(actions)
			if diff := cmp.Diff(test.actions, actions) + cmp.Diff(test.complaints, complaints); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func planOf(existing []v1alpha1.PosixIdentity, entries []Entry, sync *config.DirectorySync, options Options) (*Plan, error) {
	accounts, err := Read(Source{Accounts: entries}, sync)
	if err != nil {
		return nil, err
	}
	return Make(existing, accounts, sync, options)
}

func groups(gids ...int64) func(*v1alpha1.PosixIdentity) {
	return func(entry *v1alpha1.PosixIdentity) { entry.Spec.SupplementalGroups = gids }
}

func until(text string) func(*v1alpha1.PosixIdentity) {
	return func(entry *v1alpha1.PosixIdentity) {
		end, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		entry.Spec.NotAfter = &metav1.Time{Time: end}
	}
}

func describe(action Action) string {
	spec := action.After.Spec
	text := fmt.Sprintf("%s %s %d", action.Kind, spec.Subject, spec.UID)
	if former := action.After.Annotations[FormerUIDsAnnotation]; former != "" {
		text += " formerly " + former
	}
	if spec.NotAfter != nil {
		text += " until " + spec.NotAfter.UTC().Format(time.RFC3339)
	}
	return text
}

// withoutNames hides the names of PosixIdentities, which end with a hash.
func withoutNames(text string) string {
	for _, name := range []string{"alice", "bob"} {
		text = strings.ReplaceAll(text, objectName("saml:"+name, "people"), "NAME")
	}
	return text
}
