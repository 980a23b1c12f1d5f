package integration

import (
	"fmt"
	"net"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// deaf returns the address of a server that takes connections and never answers.
func deaf(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// Whatever keeps a directory from being read completely changes nothing, and is explained in one line.
func TestDirectorySyncHalfAnswers(t *testing.T) {
	server := slapd.Start(t, slapd.People(30, 20000)+slapd.Unit("elsewhere")+fmt.Sprintf(`dn: ou=branch,ou=elsewhere,%s
objectClass: referral
objectClass: extensibleObject
ou: branch
ref: ldap://branch.example.com/%[1]s

`, slapd.Suffix), slapd.Options{})
	limited := slapd.Start(t, slapd.People(30, 20000), slapd.Options{Limits: "sizelimit size.soft=20 size.hard=20 size.prtotal=20"})
	expired := slapd.Start(t, slapd.People(30, 20000), slapd.Options{Certificate: slapd.Certificate{Expired: true}})
	named := slapd.Start(t, slapd.People(30, 20000), slapd.Options{Certificate: slapd.Certificate{Host: "ldap.example.com"}})
	directory := newSynced(t, "half", server, accountsOf("half")).replaced(t, "pageSize: 100", "pageSize: 10")
	if _, stderr, code := directory.run(t); code != 0 {
		t.Fatal(stderr)
	}
	// What would be changed, if an answer were believed.
	server.Remove(t, slapd.PersonDN("user1"))
	server.Set(t, slapd.PersonDN("user2"), "homeDirectory", "/data/user2")
	before := directory.versions(t)

	secure, people := server.Secure, "'ou=people,"+slapd.Suffix+"'"
	through := func(filter func() slapd.Filter) []string {
		return []string{secure, server.Behind(t, filter), "startTLS: true", "startTLS: false"}
	}
	cutOff := func(m *ber.Packet) (*ber.Packet, bool) { return m, false }
	last := func(m *ber.Packet) (*ber.Packet, bool) { return slapd.WithoutControls(m), true }
	nothing := func(*ber.Packet) (*ber.Packet, bool) { return nil, true }
	const password = "directory SERVER: it does not accept bindDN with this password: check bindDN and passwordFile"
	const name = "its certificate is for another host name: use a name that the certificate has in servers"
	localhost := func(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }
	const cut = "the connection ended before the answer was complete: try again"
	for _, test := range []struct {
		name     string
		replaced []string
		want     string
	}{
		{"a wrong password", []string{directory.password, file(t, "guess")}, password},
		{"a wrong bind DN", []string{slapd.BindDN, "cn=nobody," + slapd.Suffix}, password},
		{"an empty password", []string{directory.password, file(t, "\n")}, "is empty: it must have the password of bindDN"},
		{"no password file", []string{directory.password, "/nowhere/password"},
			"cannot read passwordFile: open /nowhere/password: no such file or directory"},
		{"no CA file", []string{server.CAFile, "/nowhere/ca.crt"}, "cannot read caFile: open /nowhere/ca.crt: no such file or directory"},
		{"a CA file without certificates", []string{server.CAFile, file(t, "none")}, "has no certificate in PEM format"},
		{"another CA", []string{server.CAFile, limited.CAFile},
			"directory SERVER: its certificate is from an unknown CA: set caFile to the certificate of this CA"},
		{"an expired certificate", []string{secure, expired.Secure, server.CAFile, expired.CAFile},
			"its certificate has expired, or is not valid yet: renew the certificate, or set the clock"},
		{"an expired certificate, by StartTLS", []string{secure, expired.Plain, server.CAFile, expired.CAFile},
			"its certificate has expired, or is not valid yet: renew the certificate, or set the clock"},
		{"another host name", []string{secure, localhost(named.Secure), server.CAFile, named.CAFile},
			name},
		{"another host name, by StartTLS", []string{secure, localhost(named.Plain), server.CAFile, named.CAFile},
			name},
		{"a certificate without an address", []string{secure, named.Secure, server.CAFile, named.CAFile},
			"its certificate has no IP address: use a name that the certificate has in servers"},
		{"TLS at the port without", []string{secure, strings.Replace(server.Plain, "ldap:", "ldaps:", 1)},
			"it ended the connection: use ldap:// with startTLS for a port without TLS, and ldaps:// for one with TLS"},
		{"an unknown host", []string{secure, "ldaps://ldap.example.invalid"}, "its host name cannot be resolved: check servers"},
		{"nothing there", []string{secure, "ldaps://127.0.0.1:1"},
			"directory ldaps://127.0.0.1:1: cannot connect to it (connect: connection refused): check servers, and network policies"},
		{"no answer", []string{secure, "ldaps://" + deaf(t),
			"pageSize", "timeout: 500ms\npageSize"}, "it did not answer in time: check servers, or raise timeout"},
		{"no answer to a bind", []string{secure, "ldap://" + deaf(t), "startTLS: true", "startTLS: false\ntimeout: 500ms"},
			"it did not answer in time: check servers, or raise timeout"},
		{"no answer to StartTLS", []string{secure, "ldap://" + deaf(t), "pageSize", "timeout: 500ms\npageSize"},
			"it did not answer in time: check servers, or raise timeout"},
		{"no such base", []string{people, "'ou=nobody," + slapd.Suffix + "'"},
			"cannot read ou=nobody,dc=example,dc=com: directory SERVER: it does not exist, or bindDN may not read it: check baseDNs"},
		{"an anonymous reader", []string{"bindDN: " + slapd.BindDN, "", "passwordFile: " + directory.password, ""},
			"it does not exist, or bindDN may not read it: check baseDNs"},
		{"a base that is not a DN", []string{people, "people"},
			`invalid value "people" for accounts.baseDNs: must be a DN, for example ou=people,dc=example,dc=com`},
		{"a filter that is not one", []string{"accounts: {", "accounts: {filter: '(uid=*', "},
			`invalid value "(uid=*" for accounts.filter: must be an LDAP filter`},
		{"a filter that matches nothing", []string{"accounts: {", "accounts: {filter: '(uid=nobody)', "},
			"the directory has 0 accounts, fewer than limits.minAccounts 1: nothing is changed"},
		{"a filter that matches few", []string{"accounts: {", "accounts: {filter: '(uid=user2)', "},
			"29 of 30 accounts are no longer in the directory, more than limits.maxVanishedPercent 20"},
		{"a size limit", []string{secure, limited.Secure, server.CAFile, limited.CAFile},
			"the server returns only a part of it (size limit): raise the server's limit for bindDN, or lower pageSize"},
		{"more than the limit", []string{"pageSize", "limits: {maxEntries: 25}\npageSize"},
			"it has more entries than limits.maxEntries 25: use a filter, or raise the limit"},
		{"a referral", []string{people, people + ", 'ou=elsewhere," + slapd.Suffix + "'"},
			"a part of it is on another server (ldap://branch.example.com/dc=example,dc=com??sub): " +
				"use a DN that one server has all of, or a directory for each server"},
		{"a base elsewhere", []string{people, "'ou=branch,ou=elsewhere," + slapd.Suffix + "'"},
			"it is on another server: use a DN that this server has"},
		{"cut in the first page", through(after(5, slapd.IsEntry, cutOff)), cut},
		{"cut in the last page", through(after(25, slapd.IsEntry, cutOff)), cut},
		{"cut between pages", through(after(1, slapd.IsEnd, cutOff)), cut},
		{"cut before the end", through(after(1, slapd.IsEnd, func(*ber.Packet) (*ber.Packet, bool) { return nil, false })), cut},
		{"a first page that says it is the last", through(after(1, slapd.IsEnd, last)),
			"20 of 30 accounts are no longer in the directory, more than limits.maxVanishedPercent 20"},
		{"a second page that does not say that it is the last", through(after(2, slapd.IsEnd, last)),
			"the server stopped sending pages before the last one: try again"},
		{"empty pages", through(after(1, slapd.IsEntry, nothing)),
			"the directory has 0 accounts, fewer than limits.minAccounts 1: nothing is changed"},
		{"empty pages after the first", through(after(11, slapd.IsEntry, nothing)),
			"20 of 30 accounts are no longer in the directory, more than limits.maxVanishedPercent 20"},
	} {
		lines, stderr, code := directory.replaced(t, test.replaced...).run(t, "--lease=default/half")
		want := strings.Replace(test.want, "SERVER", secure, 1)
		if err := suite.Says(stderr, want); err != nil || code != 1 || len(lines) > 0 || strings.Count(stderr, "\n") > 1 {
			t.Errorf("%s: exit code %d, %q: %v", test.name, code, lines, err)
		}
	}
	if diff := cmp.Diff(before, directory.versions(t)); diff != "" {
		t.Errorf("something was changed:\n%s", diff)
	}
	if err := product.HasNo(t, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "half"}}); err != nil {
		t.Error(err)
	}
}

// after returns filters that change the messages of a kind from the nth on.
func after(nth int, isKind func(*ber.Packet) bool, change slapd.Filter) func() slapd.Filter {
	return func() slapd.Filter {
		seen := 0
		return func(message *ber.Packet) (*ber.Packet, bool) {
			if !isKind(message) {
				return message, true
			}
			if seen++; seen >= nth {
				return change(message)
			}
			return message, true
		}
	}
}
