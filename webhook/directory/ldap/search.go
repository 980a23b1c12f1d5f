package ldap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/webhook/directory"
)

// A search reads the entries below one DN.
type search struct {
	base, filter string
	attributes   []string
	pageSize     uint32
	most         int
	oneDomain    bool
	into         func(*directory.Source) *[]directory.Entry
}

// searchesOf returns the searches of a directory, or an error for a DN or a filter that no server would understand.
func searchesOf(sync *config.DirectorySync) ([]search, error) {
	subject, err := config.ParseSubject(sync.Accounts.Subject)
	if err != nil {
		return nil, fmt.Errorf("invalid accounts.subject %q: %w", sync.Accounts.Subject, err)
	}
	accounts := append([]string{sync.Accounts.UID, sync.Accounts.GID, sync.Accounts.UserName, sync.Accounts.Home}, subject.Attributes...)
	if len(sync.Groups.BaseDNs) > 0 && sync.Groups.Membership == config.ByMemberOf {
		accounts = append(accounts, string(config.ByMemberOf))
	}
	var all []search
	var errs []error
	add := func(key string, bases []string, filter string, attributes []string, into func(*directory.Source) *[]directory.Entry) {
		if _, err := ldap.CompileFilter(filter); err != nil {
			errs = append(errs, fmt.Errorf("invalid value %q for %s.filter: must be an LDAP filter, for example (objectClass=posixAccount)", filter, key))
		}
		for _, base := range bases {
			if _, err := ldap.ParseDN(base); err != nil {
				errs = append(errs, fmt.Errorf("invalid value %q for %s.baseDNs: must be a DN, for example ou=people,dc=example,dc=com", base, key))
			}
			all = append(all, search{base, filter, attributes, uint32(sync.PageSize), int(sync.Limits.MaxEntries),
				sync.Schema == config.SchemaActiveDirectory, into})
		}
	}
	add("accounts", sync.Accounts.BaseDNs, sync.Accounts.Filter, accounts, func(s *directory.Source) *[]directory.Entry { return &s.Accounts })
	add("groups", sync.Groups.BaseDNs, sync.Groups.Filter, []string{sync.Groups.GID, string(sync.Groups.Membership)},
		func(s *directory.Source) *[]directory.Entry { return &s.Groups })
	return all, errors.Join(errs...)
}

// domainScope asks Active Directory for the entries of one domain only, without referrals to others.
const domainScope = "1.2.840.113556.1.4.1339"

// all returns every entry. An answer that ends early, or that refers to other servers, is an error.
func (s search) all(conn *ldap.Conn) ([]directory.Entry, error) {
	paging := ldap.NewControlPaging(s.pageSize)
	request := ldap.NewSearchRequest(s.base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, s.filter, s.attributes,
		[]ldap.Control{paging})
	if s.oneDomain {
		request.Controls = append(request.Controls, ldap.NewControlString(domainScope, false, ""))
	}
	var entries []directory.Entry
	for {
		page, err := conn.Search(request)
		switch {
		case err != nil:
			return nil, err
		// rule T63 in test/integration TestDirectorySyncHalfAnswers: a server that has only a part of the accounts
		case len(page.Referrals) > 0:
			return nil, part(fmt.Sprintf("a part of it is on another server (%s): use a DN that one server has all of, or a directory for each server",
				page.Referrals[0]))
		case len(entries)+len(page.Entries) > s.most:
			return nil, part(fmt.Sprintf("it has more entries than limits.maxEntries %d: use a filter, or raise the limit", s.most))
		}
		for _, entry := range page.Entries {
			read, err := entryOf(entry)
			if err != nil {
				return nil, err
			}
			entries = append(entries, read)
		}
		control, _ := ldap.FindControl(page.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		switch {
		case control == nil && len(paging.Cookie) > 0:
			return nil, part("the server stopped sending pages before the last one: try again")
		case control == nil || len(control.Cookie) == 0:
			return entries, nil
		}
		paging.SetCookie(control.Cookie)
	}
}

// entryOf returns an entry with names in lower case and keys instead of DNs.
func entryOf(read *ldap.Entry) (directory.Entry, error) {
	entry := directory.Entry{DN: read.DN, Key: key(read.DN), Attributes: map[string][]string{}}
	for _, attribute := range read.Attributes {
		name, options, _ := strings.Cut(strings.ToLower(attribute.Name), ";")
		if strings.Contains(options, "range=") && !strings.HasSuffix(options, "-*") {
			return entry, part(fmt.Sprintf("%s has more values of %s than the server returns at once: set groups.membership to memberOf",
				read.DN, name))
		}
		values := attribute.Values
		if name == strings.ToLower(string(config.ByMember)) || name == strings.ToLower(string(config.ByMemberOf)) {
			for i := range values {
				values[i] = key(values[i])
			}
		}
		entry.Attributes[name] = append(entry.Attributes[name], values...)
	}
	return entry, nil
}

// key returns the same text for all spellings of a DN.
func key(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return strings.ToLower(dn)
	}
	return strings.ToLower(parsed.String())
}
