package directory

import (
	"fmt"
	"slices"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// enough returns an error if the directory has suspiciously few accounts or memberships.
func (p *planner) enough(existing []v1alpha1.PosixIdentity, vanished []*v1alpha1.PosixIdentity) error {
	limits := p.sync.Limits
	open, newly := 0, 0
	for i := range existing {
		if p.owns(&existing[i]) && !isVanished(&existing[i]) {
			open++
		}
	}
	for _, entry := range vanished {
		if !isVanished(entry) {
			newly++
		}
	}
	memberships, lost := p.lostMemberships()
	switch {
	// rule T63 in webhook/directory TestPlans: a directory that answers with few accounts
	case p.accounts.Total < int(limits.MinAccounts):
		return fmt.Errorf("the directory has %d accounts, fewer than limits.minAccounts %d: nothing is changed; check accounts.baseDNs, "+
			"accounts.filter and what bindDN may read", p.accounts.Total, limits.MinAccounts)
	// rule T63 in webhook/directory TestPlans: a directory that answers without many accounts
	case newly > p.most(open):
		return fmt.Errorf("%d of %d accounts are no longer in the directory, more than limits.maxVanishedPercent %d: nothing is changed; "+
			"if they were removed, raise the limit for one run", newly, open, limits.MaxVanishedPercent)
	// rule T63 in webhook/directory TestPlans: a directory that answers without many groups
	case lost > p.most(memberships):
		return fmt.Errorf("%d of %d memberships in groups are no longer in the directory, more than limits.maxVanishedPercent %d: "+
			"nothing is changed; if they were removed, raise the limit for one run", lost, memberships, limits.MaxVanishedPercent)
	}
	return nil
}

// most returns how many of a number may vanish in one run.
func (p *planner) most(of int) int { return (of*int(p.sync.Limits.MaxVanishedPercent) + 99) / 100 }

// lostMemberships counts the supplementary groups of the accounts that have a PosixIdentity, and how many of them an
// account no longer has.
func (p *planner) lostMemberships() (memberships, lost int) {
	for _, account := range p.accounts.Usable {
		for _, entry := range p.bySubject[account.Subject] {
			if !p.owns(entry) || isVanished(entry) {
				continue
			}
			for _, group := range entry.Spec.SupplementalGroups {
				memberships++
				if group != account.GID && !slices.Contains(account.Groups, group) {
					lost++
				}
			}
		}
	}
	return memberships, lost
}
