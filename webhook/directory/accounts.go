package directory

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
)

// Accounts is what a directory says, read by its configuration.
type Accounts struct {
	// Usable are the accounts that can become PosixIdentities.
	Usable []Account
	// Unusable are the subjects of other accounts: they are in the directory, so they have not vanished.
	Unusable map[string]bool
	// LeftOut is the number of accounts whose UID or GID is out of bounds, by their subject.
	LeftOut map[string]string
	// Complaints are about accounts that nobody can use as they are.
	Complaints []Complaint
	// Total is the number of accounts in the directory.
	Total int

	// having are the DNs of the accounts that have a subject or a UID.
	having map[string][]string
}

const (
	maxSubject = 253
	maxGroups  = 256
	maxHome    = 255
)

// Read reads the accounts of a directory.
func Read(source Source, sync *config.DirectorySync) (*Accounts, error) {
	subject, err := config.ParseSubject(sync.Accounts.Subject)
	if err != nil {
		return nil, fmt.Errorf("invalid accounts.subject %q: %w", sync.Accounts.Subject, err)
	}
	found := &Accounts{Unusable: map[string]bool{}, LeftOut: map[string]string{}, having: map[string][]string{}, Total: len(source.Accounts)}
	groups := newMembership(source.Groups, sync)
	for _, entry := range source.Accounts {
		found.add(entry, subject, groups, sync)
	}
	found.dropDuplicates(func(a Account) string { return "subject " + a.Subject })
	found.dropDuplicates(uidOf)
	return found, nil
}

// add reads one account.
func (a *Accounts) add(entry Entry, subject *config.Subject, groups *membership, sync *config.DirectorySync) {
	account := Account{DN: entry.DN}
	var err error
	if account.Subject, err = subject.Of(entry.Attributes); err == nil {
		err = validSubject(account.Subject)
	}
	if err != nil {
		a.Complaints = append(a.Complaints, Complaint{entry.DN, err.Error()})
		return
	}
	a.have("subject "+account.Subject, account)
	reader := attributeReader{entry: entry}
	account.UID = reader.id(sync.Accounts.UID)
	a.have(uidOf(account), account)
	account.GID = reader.id(sync.Accounts.GID)
	name := reader.optional(sync.Accounts.UserName)
	account.UserName = userName(name)
	account.Home = reader.home(sync.Accounts.Home)
	account.Groups = groups.of(entry, name, account.GID)
	if len(account.Groups) > maxGroups && reader.err == nil {
		reader.err = fmt.Errorf("it is in %d groups: a PosixIdentity can have %d, so remove it from some", len(account.Groups), maxGroups)
	}
	switch {
	case reader.err != nil:
		a.Unusable[account.Subject] = true
		a.Complaints = append(a.Complaints, Complaint{entry.DN, reader.err.Error()})
	case account.UID < sync.MinUID || account.UID > sync.MaxUID:
		a.LeftOut[account.Subject] = fmt.Sprintf("UID %d is not from minUID %d to maxUID %d", account.UID, sync.MinUID, sync.MaxUID)
	case account.GID < sync.MinGID:
		a.LeftOut[account.Subject] = fmt.Sprintf("GID %d is below minGID %d", account.GID, sync.MinGID)
	default:
		a.Usable = append(a.Usable, account)
	}
}

func (a *Accounts) have(value string, account Account) {
	a.having[value] = append(a.having[value], account.DN)
}

func uidOf(a Account) string { return "UID " + strconv.FormatInt(a.UID, 10) }

// dropDuplicates makes all accounts unusable that have a value of another: none is a better guess than the other.
func (a *Accounts) dropDuplicates(value func(Account) string) {
	// rule T62 in webhook/directory TestPlans: two accounts with one uid or one subject
	// without: duplicate := func(Account) bool { return false }
	duplicate := func(account Account) bool { return len(a.having[value(account)]) > 1 }
	for _, account := range a.Usable {
		if !duplicate(account) {
			continue
		}
		other := a.having[value(account)][0]
		if other == account.DN {
			other = a.having[value(account)][1]
		}
		a.Unusable[account.Subject] = true
		a.Complaints = append(a.Complaints, Complaint{account.DN, fmt.Sprintf("%s also belongs to %s: change one of them", value(account), other)})
	}
	a.Usable = slices.DeleteFunc(a.Usable, duplicate)
}

func validSubject(subject string) error {
	switch {
	case !utf8.ValidString(subject) || strings.ContainsFunc(subject, unicode.IsControl):
		return fmt.Errorf("subject %.253q has characters that a username cannot have: change the attribute", subject)
	case len(subject) > maxSubject:
		return fmt.Errorf("subject %.253q has more than %d bytes: change accounts.subject", subject, maxSubject)
	// rule T62 in webhook/directory TestPlans: an account that would be a system user
	case strings.HasPrefix(subject, "system:"):
		return fmt.Errorf("subject %q is a system user: change accounts.subject", subject)
	}
	return nil
}

// An attributeReader reads attributes of an entry, and keeps the first error.
type attributeReader struct {
	entry Entry
	err   error
}

func (r *attributeReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

var decimal = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// id returns the only value of an attribute, a decimal number.
func (r *attributeReader) id(attribute string) int64 {
	values := r.entry.Attributes[strings.ToLower(attribute)]
	if len(values) != 1 {
		r.fail("attribute %s has %d values: it must have exactly one", attribute, len(values))
		return 0
	}
	if values[0] == "0" { // out of every bounds
		return 0
	}
	number, err := strconv.ParseInt(values[0], 10, 64)
	if !decimal.MatchString(values[0]) || err != nil || number > math.MaxInt32 {
		r.fail("attribute %s is %.100q: it must be a decimal number of at most %d", attribute, values[0], math.MaxInt32)
	}
	return number
}

// optional returns the only value of an attribute, or "" without one.
func (r *attributeReader) optional(attribute string) string {
	switch values := r.entry.Attributes[strings.ToLower(attribute)]; len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		r.fail("attribute %s has %d values: it must have at most one", attribute, len(values))
		return ""
	}
}

var homePath = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

func (r *attributeReader) home(attribute string) string {
	home := r.optional(attribute)
	if !identity.IsHome(home) || !homePath.MatchString(home) || len(home) > maxHome {
		r.fail("attribute %s is %.100q: it must be a path that is not the system's, for example /home/alice", attribute, home)
	}
	return home
}

// userName returns a user name, in lower case if it must be, or "" for a name that the passwd file cannot have: the
// webhook then derives one from the subject.
func userName(name string) string {
	name = strings.ToLower(name)
	if !identity.IsUserName(name) {
		return ""
	}
	return name
}
