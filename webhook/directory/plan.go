package directory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// Options say what a run may do.
type Options struct {
	// AllowUIDChanges changes the UID or GID of PosixIdentities whose accounts have another one now.
	AllowUIDChanges bool
	// AllowReuse gives accounts UIDs that another PosixIdentity has or had.
	AllowReuse bool
	Now        time.Time
}

// A Kind is what an action does.
type Kind string

// The kinds of actions.
const (
	Create Kind = "create"
	Change Kind = "change"
	Close  Kind = "close"
	Reopen Kind = "reopen"
)

// An Action is a request to the API server.
type Action struct {
	Kind Kind
	// Before is the PosixIdentity as it is, nil for one that is created.
	Before *v1alpha1.PosixIdentity
	After  *v1alpha1.PosixIdentity
}

func (a Action) String() string {
	return fmt.Sprintf("%s PosixIdentity %s (%s, UID %d)", a.Kind, a.After.Name, a.After.Spec.Subject, a.After.Spec.UID)
}

// A Plan is what a run does.
type Plan struct {
	Actions    []Action
	Complaints []Complaint
	// Managed is the number of PosixIdentities of the directory, closed ones included, before the run.
	Managed int
}

// A planner makes a plan.
type planner struct {
	sync     *config.DirectorySync
	options  Options
	accounts *Accounts
	plan     Plan

	// bySubject are all PosixIdentities of the cluster.
	bySubject map[string][]*v1alpha1.PosixIdentity
	names     map[string]bool
	// holders are the subjects that have or had a UID.
	holders map[int64][]string
}

// Make decides what to do with the PosixIdentities of a cluster, so that those that the directory owns are as its
// accounts are. An error says why nothing must be done.
func Make(existing []v1alpha1.PosixIdentity, accounts *Accounts, sync *config.DirectorySync, options Options) (*Plan, error) {
	options.Now = options.Now.UTC().Truncate(time.Second)
	p := &planner{
		sync: sync, options: options, accounts: accounts, names: map[string]bool{},
		bySubject: map[string][]*v1alpha1.PosixIdentity{}, holders: map[int64][]string{},
	}
	p.plan.Complaints = slices.Clone(accounts.Complaints)
	for i := range existing {
		p.index(&existing[i])
	}
	vanished := p.vanished(existing)
	if err := p.enough(existing, vanished); err != nil {
		return nil, err
	}
	for _, account := range accounts.Usable {
		p.follow(account)
	}
	for subject, problem := range accounts.LeftOut {
		for _, entry := range p.bySubject[subject] {
			if p.owns(entry) {
				p.complain(entry.Name, "the account of %s is out of bounds (%s): change the account or the bounds", subject, problem)
			}
		}
	}
	for _, entry := range vanished {
		p.close(entry)
	}
	p.sort()
	return &p.plan, nil
}

func (p *planner) index(entry *v1alpha1.PosixIdentity) {
	p.bySubject[entry.Spec.Subject] = append(p.bySubject[entry.Spec.Subject], entry)
	p.names[entry.Name] = true
	for _, uid := range append(formerUIDs(entry), entry.Spec.UID) {
		p.holders[uid] = append(p.holders[uid], entry.Spec.Subject)
	}
	if p.owns(entry) {
		p.plan.Managed++
	}
}

// owns reports whether the directory owns a PosixIdentity.
func (p *planner) owns(entry *v1alpha1.PosixIdentity) bool {
	// rule T64 in webhook/directory TestPlans: an identity that an administrator wrote, or another directory
	// without: return true
	return entry.Labels[DirectoryLabel] == p.sync.Name
}

// vanished returns the PosixIdentities of the directory without an account.
func (p *planner) vanished(existing []v1alpha1.PosixIdentity) (vanished []*v1alpha1.PosixIdentity) {
	present := map[string]bool{}
	for _, account := range p.accounts.Usable {
		present[account.Subject] = true
	}
	for i := range existing {
		subject := existing[i].Spec.Subject
		_, leftOut := p.accounts.LeftOut[subject]
		if p.owns(&existing[i]) && !present[subject] && !leftOut && !p.accounts.Unusable[subject] {
			vanished = append(vanished, &existing[i])
		}
	}
	return vanished
}

// follow makes the PosixIdentity of an account as the account is.
func (p *planner) follow(account Account) {
	entries := p.bySubject[account.Subject]
	if len(entries) == 0 {
		p.create(account)
		return
	}
	entry := entries[0]
	switch {
	case len(entries) > 1:
		p.complain(account.DN, "subject %s has %d PosixIdentities (%s): delete all but one", account.Subject, len(entries), names(entries))
	case !p.owns(entry):
		p.complain(account.DN, "subject %s has the PosixIdentity %s, which does not belong to the directory: delete it, or set its label %s=%s",
			account.Subject, entry.Name, DirectoryLabel, p.sync.Name)
	default:
		p.update(entry, account)
	}
}

func (p *planner) create(account Account) {
	created := newIdentity(account, p.sync.Name)
	switch {
	case p.names[created.Name]:
		p.complain(account.DN, "PosixIdentity %s has the name that this account would get, but another subject: delete it", created.Name)
	case p.free(account):
		p.act(Create, nil, created)
	}
}

// update changes a PosixIdentity of the directory whose account exists.
func (p *planner) update(entry *v1alpha1.PosixIdentity, account Account) {
	after := entry.DeepCopy()
	after.Spec.SupplementalGroups, after.Spec.UserName, after.Spec.Home = account.Groups, account.UserName, account.Home
	opens := isVanished(entry)
	if opens {
		reopen(after)
	}
	// rule T62 in webhook/directory TestPlans: an account with another uid than before
	if (entry.Spec.UID != account.UID || entry.Spec.GID != account.GID) && !p.options.AllowUIDChanges {
		p.complain(account.DN, "UID %d and GID %d differ from those of PosixIdentity %s (%d and %d): change the account, or use --allow-uid-changes",
			account.UID, account.GID, entry.Name, entry.Spec.UID, entry.Spec.GID)
		return
	}
	if (opens || entry.Spec.UID != account.UID) && !p.free(account) {
		return
	}
	if entry.Spec.UID != account.UID {
		rememberUID(after, entry.Spec.UID)
	}
	after.Spec.UID, after.Spec.GID = account.UID, account.GID
	switch {
	case opens:
		p.act(Reopen, entry, after)
	case !equal(entry, after):
		p.act(Change, entry, after)
	}
}

// free reports whether nobody else has or had the UID of an account.
func (p *planner) free(account Account) bool {
	for _, holder := range p.holders[account.UID] {
		// rule T62 in webhook/directory TestPlans: an account that gets the uid of one that is closed
		if holder != account.Subject && !p.options.AllowReuse {
			p.complain(account.DN, "UID %d belongs or belonged to %s: change the account, or use --allow-reuse", account.UID, holder)
			return false
		}
	}
	return true
}

// close ends a PosixIdentity whose account vanished, after the grace.
func (p *planner) close(entry *v1alpha1.PosixIdentity) {
	if isVanished(entry) {
		return
	}
	after := entry.DeepCopy()
	vanish(after, p.options.Now, p.sync.Grace.Duration)
	p.act(Close, entry, after)
}

func (p *planner) act(kind Kind, before, after *v1alpha1.PosixIdentity) {
	p.plan.Actions = append(p.plan.Actions, Action{kind, before, after})
}

func (p *planner) complain(about, format string, args ...any) {
	p.plan.Complaints = append(p.plan.Complaints, Complaint{about, fmt.Sprintf(format, args...)})
}

func (p *planner) sort() {
	slices.SortFunc(p.plan.Actions, func(a, b Action) int { return strings.Compare(a.After.Name, b.After.Name) })
	slices.SortFunc(p.plan.Complaints, func(a, b Complaint) int { return strings.Compare(a.String(), b.String()) })
}

func names(entries []*v1alpha1.PosixIdentity) string {
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name)
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}
