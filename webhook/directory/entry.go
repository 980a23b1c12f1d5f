// Package directory decides how PosixIdentities follow the accounts of a directory: which are created, changed, closed
// and opened again, and which accounts an administrator must look at. It is pure: package ldap reads the accounts, and
// package cluster applies the decisions.
package directory

// An Entry is an entry of a directory.
type Entry struct {
	DN string
	// Key is the same for all spellings of a DN. The values of member and memberOf are keys.
	Key string
	// Attributes are the values of each attribute, by its name in lower case.
	Attributes map[string][]string
}

// A Source is the complete contents of a directory.
type Source struct {
	Accounts, Groups []Entry
}

// An Account is an entry that can become a PosixIdentity.
type Account struct {
	DN, Subject    string
	UID, GID       int64
	Groups         []int64
	UserName, Home string
}

// A Complaint is about an account or a PosixIdentity that is left as it is until an administrator has looked at it.
type Complaint struct {
	// About is the DN of an account or the name of a PosixIdentity.
	About string
	// Problem says what is wrong, and what to do.
	Problem string
}

func (c Complaint) String() string { return c.About + ": " + c.Problem }
