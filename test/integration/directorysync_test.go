package integration

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// A synced is a directory that is kept in step with the cluster.
type synced struct {
	name, config, password string
	server                 *slapd.Server
	// used is the time and the memory of the last run.
	used string
}

// newSynced writes the configuration of a directory of a server, with more lines.
func newSynced(t *testing.T, name string, server *slapd.Server, more string) *synced {
	t.Helper()
	t.Cleanup(func() {
		_ = product.Client.DeleteAllOf(context.WithoutCancel(t.Context()), &v1alpha1.PosixIdentity{}, client.MatchingLabels{"policy.run.ai/directory": name})
	})
	s := &synced{name: name, config: filepath.Join(t.TempDir(), "directory.yaml"), password: file(t, slapd.Password+"\n"), server: server}
	text := fmt.Sprintf(`
apiVersion: policy.run.ai/v1alpha1
kind: DirectorySync
name: %s
servers: [%s]
startTLS: true
caFile: %s
bindDN: %s
passwordFile: %s
pageSize: 100
%s`, name, server.Secure, server.CAFile, slapd.BindDN, s.password, more)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// accountsOf is the part of a configuration that reads accounts as in RFC 2307.
func accountsOf(name string) string {
	return fmt.Sprintf("accounts: {baseDNs: ['ou=people,%[1]s'], subject: '%[2]s:{{.uid}}'}\ngroups: {baseDNs: ['ou=groups,%[1]s']}\n",
		slapd.Suffix, name)
}

// run runs the real runai-webhook directory sync, and returns the lines that it prints.
func (s *synced) run(t *testing.T, args ...string) (lines []string, stderr string, code int) {
	t.Helper()
	return s.runAs(t, product.Kubeconfig(), args...)
}

func (s *synced) runAs(t *testing.T, kubeconfig string, args ...string) (lines []string, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), product.Programs.Webhook,
		append([]string{"directory", "sync", "--config=" + s.config, "--kubeconfig=" + kubeconfig}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	start := time.Now()
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	s.used = fmt.Sprintf("%s, %s of CPU and at most %d MiB of memory", time.Since(start).Round(time.Millisecond),
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), process.MaxMemory(cmd.ProcessState)>>20)
	return strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' }), errs.String(), cmd.ProcessState.ExitCode()
}

// expect runs the directory, and fails the test unless it prints exactly these lines. The last one is the summary.
func (s *synced) expect(t *testing.T, args []string, want ...string) {
	t.Helper()
	lines, stderr, code := s.run(t, args...)
	wantCode := min(len(want)-1, 1) // of complaints
	if diff := cmp.Diff(want, lines); diff != "" || code != wantCode {
		t.Errorf("exit code %d, %s:\n%s", code, stderr, diff)
	}
}

// identities returns the PosixIdentities of the directory, by their subject.
func (s *synced) identities(t *testing.T) map[string]v1alpha1.PosixIdentity {
	t.Helper()
	var list v1alpha1.PosixIdentityList
	if err := product.Client.List(t.Context(), &list, client.MatchingLabels{"policy.run.ai/directory": s.name}); err != nil {
		t.Fatal(err)
	}
	all := map[string]v1alpha1.PosixIdentity{}
	for _, entry := range list.Items {
		all[entry.Spec.Subject] = entry
	}
	return all
}

func (s *synced) versions(t *testing.T) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for subject, entry := range s.identities(t) {
		versions[subject] = entry.ResourceVersion
	}
	return versions
}

var directoryAccounts = flag.Int("directory-accounts", 500, "number of accounts in TestDirectorySync")

// Accounts in five groups each become PosixIdentities, and a second run changes nothing.
func TestDirectorySync(t *testing.T) {
	const groups = 5
	count := *directoryAccounts
	entries := slapd.People(count, 10000)
	for i := range groups {
		entries += slapd.Group(fmt.Sprintf("group%d", i), 6000+i, slapd.Names(count)...)
	}
	directory := newSynced(t, "people", slapd.Start(t, entries, slapd.Options{}), accountsOf("people")+"pageSize: 500\n").replaced(t, "pageSize: 100\n", "")
	summary := func(created int) string {
		return fmt.Sprintf("accounts: %d (0 out of bounds); PosixIdentities: %d created, 0 changed, 0 closed, 0 reopened; complaints: 0", count, created)
	}
	directory.expect(t, nil, summary(count))
	t.Logf("%d accounts: the first run took %s", count, directory.used)
	before := directory.versions(t)
	if len(before) != count {
		t.Fatalf("there are %d PosixIdentities", len(before))
	}
	want := v1alpha1.PosixIdentitySpec{
		Subject: "people:user2", UID: 10002, GID: 5000, SupplementalGroups: []int64{6000, 6001, 6002, 6003, 6004}, UserName: "user2", Home: "/home/user2",
	}
	if diff := cmp.Diff(want, directory.identities(t)["people:user2"].Spec); diff != "" {
		t.Error(diff)
	}
	directory.expect(t, nil, summary(0))
	t.Logf("the second run took %s", directory.used)
	if diff := cmp.Diff(before, directory.versions(t)); diff != "" {
		t.Errorf("the second run wrote:\n%s", diff)
	}
}

// What changes in the directory changes in the cluster, except who has which UID.
func TestDirectorySyncFollows(t *testing.T) {
	server := slapd.Start(t, slapd.People(10, 30000)+slapd.Group("physics", 6000, "user1"), slapd.Options{})
	directory := newSynced(t, "follows", server, accountsOf("follows")+"grace: 48h\n")
	const unchanged = "PosixIdentities: 0 created, 0 changed, 0 closed, 0 reopened"
	lines, stderr, code := directory.run(t, "--dry-run", "--lease=default/dry")
	if found := directory.identities(t); len(found) > 0 || code != 0 || len(lines) != 11 || !strings.HasPrefix(lines[0], "would create PosixIdentity follows-") ||
		!strings.HasSuffix(lines[10], "PosixIdentities: 10 created, 0 changed, 0 closed, 0 reopened; complaints: 0 (dry run: nothing was changed)") {
		t.Fatalf("exit code %d, %q, %s, %d PosixIdentities", code, lines, stderr, len(found))
	}
	directory.expect(t, nil, "accounts: 10 (0 out of bounds); PosixIdentities: 10 created, 0 changed, 0 closed, 0 reopened; complaints: 0")

	// An account is removed: its PosixIdentity ends after the grace, and is kept.
	server.Remove(t, slapd.PersonDN("user1"))
	start := time.Now().Truncate(time.Second)
	directory.expect(t, nil, "accounts: 9 (0 out of bounds); PosixIdentities: 0 created, 0 changed, 1 closed, 0 reopened; complaints: 0")
	removed := directory.identities(t)["follows:user1"]
	if end := removed.Spec.NotAfter; end == nil || end.Time.Before(start.Add(48*time.Hour)) || end.Time.After(time.Now().Add(48*time.Hour)) {
		t.Errorf("it ends at %v", end)
	}
	directory.expect(t, nil, "accounts: 9 (0 out of bounds); "+unchanged+"; complaints: 0")

	// Its UID is not given to another account.
	server.Add(t, slapd.Person("heir", 30001, 5000))
	heir := slapd.PersonDN("heir") + ": UID 30001 is or was that of follows:user1: change the account, or use --allow-reuse"
	for range 2 {
		directory.expect(t, nil, heir, "accounts: 10 (0 out of bounds); "+unchanged+"; complaints: 1")
	}
	server.Remove(t, slapd.PersonDN("heir"))

	// It comes back.
	server.Add(t, slapd.Person("user1", 30001, 5000))
	directory.expect(t, nil, "accounts: 10 (0 out of bounds); PosixIdentities: 0 created, 0 changed, 0 closed, 1 reopened; complaints: 0")
	if back := directory.identities(t)["follows:user1"]; back.Spec.NotAfter != nil || len(back.Annotations) > 0 || back.UID != removed.UID {
		t.Errorf("it is %+v", back)
	}

	// Another UID is refused, and what else changed about others is not held up.
	server.Set(t, slapd.PersonDN("user2"), "uidNumber", "30999")
	server.Set(t, slapd.PersonDN("user3"), "homeDirectory", "/data/user3")
	server.Set(t, slapd.GroupDN("physics"), "memberUid", "user4")
	lines = []string{
		slapd.PersonDN("user2") + ": UID 30999 and GID 5000 differ from those of PosixIdentity " + directory.identities(t)["follows:user2"].Name +
			" (30002 and 5000): change the account, or use --allow-uid-changes",
		"accounts: 10 (0 out of bounds); PosixIdentities: 0 created, 3 changed, 0 closed, 0 reopened; complaints: 1",
	}
	directory.expect(t, nil, lines...)
	directory.expect(t, nil, lines[0], "accounts: 10 (0 out of bounds); "+unchanged+"; complaints: 1")
	if found := directory.identities(t); found["follows:user2"].Spec.UID != 30002 || found["follows:user3"].Spec.Home != "/data/user3" ||
		!slices.Equal(found["follows:user4"].Spec.SupplementalGroups, []int64{6000}) || len(found["follows:user1"].Spec.SupplementalGroups) > 0 {
		t.Errorf("they are %+v", found)
	}
	directory.expect(t, []string{"--allow-uid-changes"}, "accounts: 10 (0 out of bounds); PosixIdentities: 0 created, 1 changed, 0 closed, 0 reopened; complaints: 0")

	// Text of the directory does not reach the terminal as it is.
	server.Set(t, slapd.PersonDN("user5"), "homeDirectory", "/home/\x1b[31mred")
	lines, _, _ = directory.run(t)
	if err := suite.Says(strings.Join(lines, "\n"), `attribute homeDirectory is "/home/\x1b[31mred"`); err != nil || strings.Contains(lines[0], "\x1b") {
		t.Errorf("%q: %v", lines, err)
	}
}

// A job runs as the account of its submitter.
func TestDirectorySyncReachesJobs(t *testing.T) {
	product.Upgrade(t, "--set", "policy.identity.sources={Directory}")
	namespace := product.AddProject(t, "accounts", v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired})
	server := slapd.Start(t, slapd.People(1, 1000000)+slapd.Group("physics", 60001, "user1"), slapd.Options{})
	directory := newSynced(t, "reaches", server, accountsOf("saml"))
	directory.expect(t, nil, "accounts: 1 (0 out of bounds); PosixIdentities: 1 created, 0 changed, 0 closed, 0 reopened; complaints: 0")
	product.AddResearcher(t, namespace, "saml:user1")
	suite.Eventually(t, "the job is submitted", suite.Soon, func() error {
		_, stderr, code := product.Runai(t, "submit-mpi", "dist1", "-n", namespace, "-i", "example/train", "--run-as-user", "--as", "saml:user1")
		if code != 0 {
			return errors.New(stderr)
		}
		return nil
	})
	for _, pod := range podsOf(t, product.Job(t, namespace, "dist1")).all() {
		if got := pod.Spec.SecurityContext; *got.RunAsUser != 1000001 || *got.RunAsGroup != 5000 || !slices.Equal(got.SupplementalGroups, []int64{60001}) {
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
	directory := newSynced(t, "ad", server, fmt.Sprintf(
		"schema: ActiveDirectory\naccounts: {baseDNs: ['ou=users,%[1]s'], subject: 'ad:{{lower .userPrincipalName}}'}\ngroups: {baseDNs: ['ou=users,%[1]s']}\n", slapd.Suffix,
	)).replaced(t, server.Secure, "ldaps://127.0.0.1:1, "+server.Plain)
	directory.expect(t, nil, "accounts: 2 (0 out of bounds); PosixIdentities: 2 created, 0 changed, 0 closed, 0 reopened; complaints: 0")
	alice := directory.identities(t)["ad:alice@example.com"].Spec
	if err := suite.Says(fmt.Sprintf("%+v", alice), "UID:40001 GID:5000 SupplementalGroups:[6001 6003] UserName:alice Home:/home/Alice"); err != nil {
		t.Error(err)
	}
	// A disabled account is as one that is not there.
	server.Set(t, slapd.UserDN("bob"), "userAccountControl", "514")
	directory.expect(t, nil, "accounts: 1 (0 out of bounds); PosixIdentities: 0 created, 0 changed, 1 closed, 0 reopened; complaints: 0")
}

// The CronJob uses each of its permissions, and asks for nothing else. Its Lease says when the last complete run was.
func TestPermissionsOfTheDirectory(t *testing.T) {
	const name = chart.Release + "-directory"
	objects, err := chart.Render(t.Context(), "--values", "../chart/testdata/directory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetName() == name && object.GetKind() != "CronJob" {
			product.Create(t, object.DeepCopy())
		}
	}
	account, err := product.ServiceAccount(chart.Namespace, name)
	if err != nil {
		t.Fatal(err)
	}
	server := slapd.Start(t, slapd.People(2, 50000), slapd.Options{})
	directory := newSynced(t, "permitted", server, accountsOf("permitted"))
	lease := &coordinationv1.Lease{}
	beat := func() (time.Time, string) {
		if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: name}, lease); err != nil {
			t.Fatal(err)
		}
		if lease.Spec.RenewTime == nil {
			return time.Time{}, ""
		}
		return lease.Spec.RenewTime.Time, lease.Annotations["policy.run.ai/result"]
	}
	args := []string{"--lease=" + chart.Namespace + "/" + name, "--stale-after=90m"}
	start := time.Now()
	suite.Eventually(t, "it may", suite.Soon, func() error {
		if _, stderr, code := directory.runAs(t, account.Kubeconfig(), args...); code != 0 {
			return errors.New(stderr)
		}
		return nil
	})
	first, result := beat()
	if first.Before(start) || *lease.Spec.LeaseDurationSeconds != 5400 || *lease.Spec.HolderIdentity != "permitted" ||
		result != "accounts: 2 (0 out of bounds); PosixIdentities: 2 created, 0 changed, 0 closed, 0 reopened; complaints: 0" {
		t.Errorf("it says %+v, %s", lease.Spec, result)
	}
	// A run with complaints is complete, and one that could not read the directory is not.
	server.Set(t, slapd.PersonDN("user1"), "uidNumber", "50009")
	server.Set(t, slapd.PersonDN("user2"), "homeDirectory", "/data/user2")
	if _, stderr, code := directory.runAs(t, account.Kubeconfig(), args...); code != 1 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	second, result := beat()
	if !second.After(first) || !strings.HasSuffix(result, "1 changed, 0 closed, 0 reopened; complaints: 1") {
		t.Errorf("it says %s, %s", second, result)
	}
	directory.replaced(t, directory.password, file(t, "guess")).runAs(t, account.Kubeconfig(), args...)
	if third, _ := beat(); !third.Equal(second) {
		t.Errorf("a run without an answer counts: %s", third)
	}
	rules := clusterRole(t, name)
	role := &rbacv1.Role{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: name}, role); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), fmt.Sprintf("system:serviceaccount:%s:%s", chart.Namespace, name))
		return errors.Join(err, audit.Exact(append(rules, role.Rules...), requests))
	})
}
