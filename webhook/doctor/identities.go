package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/directory"
)

// A Heartbeat is the Lease that a directory sync renews after each complete run.
type Heartbeat struct {
	Namespace, Name string
	// Renewed is the end of the last complete run, and is zero if there was none.
	Renewed time.Time
	// Lasts is how long the directory counts as fresh after it.
	Lasts time.Duration
	// Result is how the last run ended, in one line.
	Result string
}

func identityChecks() []check {
	return []check{
		{
			name:   "duplicate-subject",
			about:  "two PosixIdentities of one subject, whose jobs are refused",
			remedy: "delete all but one",
			needs:  []Source{Identities}, find: duplicateSubjects,
		},
		{
			name:   "duplicate-uid",
			about:  "two subjects with one UID, who own each other's files",
			remedy: "give each user a UID; files must change their owner, too",
			needs:  []Source{Identities}, find: duplicateUIDs,
		},
		{
			name:   "expired-identity",
			about:  "a PosixIdentity past its notAfter that no directory sync closed",
			remedy: "delete it, or set a later `notAfter`",
			needs:  []Source{Identities}, find: expiredIdentities,
		},
		{
			name:   "small-id",
			about:  "a PosixIdentity with an id below minUID or minGID, whose jobs are refused",
			remedy: "set an id of a user, or lower the limit in the cluster policy",
			needs:  []Source{Identities}, find: smallIDs,
		},
		{
			name:   "unused-identities",
			about:  "PosixIdentities although the cluster policy does not list the source Directory",
			remedy: "list `Directory` in `policy.identity.sources`, or delete them",
			needs:  []Source{Identities}, find: unusedIdentities,
		},
		{
			name:   "client-identities",
			about:  "a project that requires identities although the cluster policy believes ids that workstations report",
			remedy: "remove `Client` from `policy.identity.sources`",
			needs:  []Source{Namespaces, Projects}, find: clientIdentities,
		},
		{
			name:   "stale-directory",
			about:  "a directory sync that has not completed a run for three times its schedule, or never",
			remedy: "see the log of the last Job of the directory sync",
			needs:  []Source{Identities, Leases}, find: staleDirectories,
		},
	}
}

func remedyOf(entry *v1alpha1.PosixIdentity) string {
	return "kubectl edit posixidentity " + entry.Name
}

// byKey groups entries, and returns the groups with more than one.
func byKey[K cmp.Ordered](entries []v1alpha1.PosixIdentity, key func(*v1alpha1.PosixIdentity) K) [][]*v1alpha1.PosixIdentity {
	groups := map[K][]*v1alpha1.PosixIdentity{}
	for i := range entries {
		groups[key(&entries[i])] = append(groups[key(&entries[i])], &entries[i])
	}
	var twice [][]*v1alpha1.PosixIdentity
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		if group := groups[key]; len(group) > 1 {
			slices.SortFunc(group, func(a, b *v1alpha1.PosixIdentity) int { return cmp.Compare(a.Name, b.Name) })
			twice = append(twice, group)
		}
	}
	return twice
}

func names(entries []*v1alpha1.PosixIdentity) string {
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name)
	}
	if len(all) > 5 {
		all = append(all[:5], fmt.Sprintf("%d more", len(entries)-5))
	}
	return enumerate(all)
}

func duplicateSubjects(s *Snapshot) []Finding {
	var findings []Finding
	for _, group := range byKey(s.Identities, func(entry *v1alpha1.PosixIdentity) string { return entry.Spec.Subject }) {
		findings = append(findings, Finding{
			Subject: "PosixIdentities " + names(group),
			Means:   fmt.Sprintf("all have the subject %q, so the jobs of this user are refused", group[0].Spec.Subject),
			Fix:     "kubectl delete posixidentity " + group[len(group)-1].Name + " # or another of them",
		})
	}
	return findings
}

func duplicateUIDs(s *Snapshot) []Finding {
	var findings []Finding
	for _, group := range byKey(s.Identities, func(entry *v1alpha1.PosixIdentity) int64 { return entry.Spec.UID }) {
		subjects := map[string]bool{}
		for _, entry := range group {
			subjects[entry.Spec.Subject] = true
		}
		if len(subjects) > 1 { // one subject with two entries is refused
			findings = append(findings, Finding{
				Subject: "PosixIdentities " + names(group),
				Means: fmt.Sprintf("%s have the UID %d, so they can read and change each other's files",
					enumerate(quoted(slices.Sorted(maps.Keys(subjects)))), group[0].Spec.UID),
				Fix: remedyOf(group[len(group)-1]) + " # and set another uid",
			})
		}
	}
	return findings
}

// quoted quotes the first words, and says how many more there are.
func quoted(words []string) []string {
	var all []string
	for i, word := range words {
		if i == 5 {
			return append(all, fmt.Sprintf("%d more", len(words)-5))
		}
		all = append(all, fmt.Sprintf("%q", word))
	}
	return all
}

func isExpired(entry *v1alpha1.PosixIdentity, now time.Time) bool {
	return entry.Spec.NotAfter != nil && !now.Before(entry.Spec.NotAfter.Time)
}

func expiredIdentities(s *Snapshot) []Finding {
	var findings []Finding
	for i := range s.Identities {
		entry := &s.Identities[i]
		if isExpired(entry, s.Now) && entry.Labels[directory.DirectoryLabel] == "" {
			findings = append(findings, Finding{
				Subject: "PosixIdentity " + entry.Name,
				Means: fmt.Sprintf("it expired on %s, so jobs of %q are refused",
					entry.Spec.NotAfter.UTC().Format(time.DateOnly), entry.Spec.Subject),
				Fix: "kubectl delete posixidentity " + entry.Name + " # or set a later notAfter",
			})
		}
	}
	return findings
}

func smallIDs(s *Snapshot) []Finding {
	var findings []Finding
	limits := s.Policy.Identity
	for i := range s.Identities {
		entry := &s.Identities[i]
		var small []string
		if entry.Spec.UID < limits.MinUID {
			small = append(small, fmt.Sprintf("the UID %d is below minUID %d", entry.Spec.UID, limits.MinUID))
		}
		for _, gid := range append([]int64{entry.Spec.GID}, entry.Spec.SupplementalGroups...) {
			if gid < limits.MinGID {
				small = append(small, fmt.Sprintf("the GID %d is below minGID %d", gid, limits.MinGID))
			}
		}
		if len(small) > 0 && !isExpired(entry, s.Now) {
			findings = append(findings, Finding{
				Subject: "PosixIdentity " + entry.Name,
				Means:   strings.Join(small, ", ") + fmt.Sprintf(" of the cluster policy, so jobs of %q are refused", entry.Spec.Subject),
				Fix:     remedyOf(entry) + " # or lower the limit",
			})
		}
	}
	return findings
}

func unusedIdentities(s *Snapshot) []Finding {
	if len(s.Identities) == 0 || s.Policy.Identity.Reads(config.SourceDirectory) {
		return nil
	}
	return []Finding{{
		Subject: "cluster policy",
		Means:   fmt.Sprintf("identity.sources does not list Directory, so %d PosixIdentities have no effect", len(s.Identities)),
		Fix:     s.upgrade("policy.identity.sources={Claims,Directory}") + " # or delete the PosixIdentities",
	}}
}

func clientIdentities(s *Snapshot) []Finding {
	required := slices.Sorted(maps.Keys(s.required()))
	if len(required) == 0 || !s.Policy.Identity.Reads(config.SourceClient) {
		return nil
	}
	return []Finding{{
		Subject: "cluster policy",
		Means: fmt.Sprintf("identity.sources lists Client, so anybody can claim any UID, although identities are required in %s",
			enumerate(few(required))),
		Fix: s.upgrade("policy.identity.sources={Claims,Directory}"),
	}}
}

// namespaces returns, for example, "namespaces a and b".
func namespaces(names []string) string {
	if len(names) == 1 {
		return "namespace " + names[0]
	}
	return "namespaces " + enumerate(few(names))
}

// few returns the first words, and how many more there are.
func few(words []string) []string {
	if len(words) <= 5 {
		return words
	}
	return append(slices.Clone(words[:5]), fmt.Sprintf("%d more", len(words)-5))
}

// staleDirectories looks for heartbeats that are too old, and for entries of a directory without a heartbeat.
func staleDirectories(s *Snapshot) []Finding {
	var findings []Finding
	for _, beat := range s.Heartbeats {
		if !beat.Renewed.IsZero() && s.Now.Before(beat.Renewed.Add(beat.Lasts)) {
			continue
		}
		since := "has never completed a run"
		if !beat.Renewed.IsZero() {
			since = "completed its last run at " + beat.Renewed.UTC().Format(time.RFC3339)
		}
		if beat.Result != "" {
			since += fmt.Sprintf(" (%s)", beat.Result)
		}
		findings = append(findings, Finding{
			Subject: "Lease " + beat.Namespace + "/" + beat.Name,
			Means:   "the directory sync " + since + ", so people who left can still submit jobs, and new ones cannot",
			Fix:     fmt.Sprintf("kubectl get jobs -n %s # and see the log of the last one of %s", beat.Namespace, beat.Name),
		})
	}
	owned := slices.ContainsFunc(s.Identities, func(entry v1alpha1.PosixIdentity) bool { return entry.Labels[directory.DirectoryLabel] != "" })
	if owned && len(s.Heartbeats) == 0 {
		findings = append(findings, Finding{
			Subject: "PosixIdentities with the label " + directory.DirectoryLabel,
			Means:   "a directory sync owns them, but no Lease says when it last ran, so nobody can see whether they are up to date",
			Fix:     s.upgrade("directorySync.enabled=true") + " # or remove the label",
		})
	}
	return findings
}
