package slapd

import (
	"fmt"
	"strings"
)

// Unit returns an organizational unit.
func Unit(name string) string {
	return fmt.Sprintf("dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n", name, Suffix, name)
}

// PersonDN returns the DN of an account as in RFC 2307.
func PersonDN(name string) string { return "uid=" + name + ",ou=people," + Suffix }

// Person returns an account as in RFC 2307.
func Person(name string, uid, gid int) string {
	return fmt.Sprintf(`dn: %s
objectClass: account
objectClass: posixAccount
objectClass: extensibleObject
uid: %s
cn: %[2]s
uidNumber: %d
gidNumber: %d
homeDirectory: /home/%[2]s

`, PersonDN(name), name, uid, gid)
}

// GroupDN returns the DN of a group as in RFC 2307.
func GroupDN(name string) string { return "cn=" + name + ",ou=groups," + Suffix }

// Group returns a group as in RFC 2307.
func Group(name string, gid int, members ...string) string {
	text := fmt.Sprintf("dn: %s\nobjectClass: posixGroup\ncn: %s\ngidNumber: %d\n", GroupDN(name), name, gid)
	for _, member := range members {
		text += "memberUid: " + member + "\n"
	}
	return text + "\n"
}

// People returns accounts user1 and so on, with UIDs above another, and the units of accounts and groups.
func People(count, above int) string {
	var text strings.Builder
	text.WriteString(Unit("people") + Unit("groups"))
	for i, name := range Names(count) {
		text.WriteString(Person(name, above+i+1, 5000))
	}
	return text.String()
}

// Names returns the names of the accounts that People returns.
func Names(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i+1)
	}
	return names
}

// UserDN returns the DN of an account as in Active Directory.
func UserDN(name string) string { return "cn=" + name + ",ou=users," + Suffix }

// User returns an account as in Active Directory, with more lines.
func User(name string, uid int, more ...string) string {
	return fmt.Sprintf(`dn: %s
objectClass: person
objectClass: user
objectCategory: person
cn: %s
sn: %[2]s
sAMAccountName: %[2]s
userPrincipalName: %[2]s@Example.com
userAccountControl: 512
uidNumber: %d
gidNumber: 5000
unixHomeDirectory: /home/%[2]s
%[4]s
`, UserDN(name), name, uid, lines(more))
}

// UserGroup returns a group as in Active Directory, with more lines.
func UserGroup(name string, more ...string) string {
	return fmt.Sprintf("dn: %s\nobjectClass: organizationalRole\nobjectClass: group\ncn: %s\n%s\n", UserDN(name), name, lines(more))
}

func lines(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, "\n") + "\n"
}
