// Package doctor finds what in a cluster breaks the promise that nobody can run as another user, and what keeps jobs from
// running. It is pure: [Examine] judges a [Snapshot], and the package cluster reads one.
package doctor

import (
	"cmp"
	"slices"
)

// A Finding is one thing that is wrong.
type Finding struct {
	// Check is the name of the check, which never changes.
	Check string `json:"check"`
	// Subject is what is wrong: an object, or who has a permission.
	Subject string `json:"subject"`
	// Means says what that leads to.
	Means string `json:"means"`
	// Permissions are those of the subject that are dangerous, as VERB RESOURCE.
	Permissions []string `json:"permissions,omitempty"`
	// Fix is the command that corrects it.
	Fix string `json:"fix"`
}

// NotChecked is a check that could not be done.
type NotChecked struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

// A Report is the result of all checks.
type Report struct {
	// ClusterPolicy says where the cluster policy comes from.
	ClusterPolicy string `json:"clusterPolicy"`
	// Backstop says in which form the cluster has the backstop: none, objects, files, objects and files, or unknown.
	Backstop string `json:"backstop"`
	// Findings are sorted by check and subject.
	Findings []Finding `json:"findings"`
	// NotChecked is in the order of the checks.
	NotChecked []NotChecked `json:"notChecked"`
}

// A check looks for one kind of defect.
type check struct {
	name string
	// about says what the check finds, and remedy what to do about it, both for docs/reference/doctor.md.
	about, remedy string
	// needs lists what must have been read.
	needs []Source
	find  func(*Snapshot) []Finding
}

// checks returns all checks, in the order of docs/reference/doctor.md.
func checks() []check {
	return slices.Concat(permissionChecks(), namespaceChecks(), identityChecks(), webhookChecks(), sessionChecks(), backstopChecks(),
		mutatorChecks(), storageChecks(), jobChecks(), apiChecks(), nodeChecks(), operatorChecks())
}

// Examine does all checks.
func Examine(snapshot *Snapshot) Report {
	report := Report{
		ClusterPolicy: snapshot.PolicyFrom, Backstop: snapshot.backstopForm(),
		Findings: []Finding{}, NotChecked: []NotChecked{},
	}
	for _, check := range checks() {
		if reason := snapshot.missing(check.needs); reason != "" {
			report.NotChecked = append(report.NotChecked, NotChecked{check.name, reason})
			continue
		}
		for _, finding := range check.find(snapshot) {
			finding.Check = check.name
			report.Findings = append(report.Findings, finding)
		}
	}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Means, b.Means))
	})
	return report
}

// Names returns the names of all checks.
func Names() []string {
	var names []string
	for _, check := range checks() {
		names = append(names, check.name)
	}
	return names
}
