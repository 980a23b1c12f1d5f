package identity

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// fromDirectory returns the identity in the directory's entry for the user, or nil without an entry. It
// never chooses between two entries.
func fromDirectory(q Question, policy config.Identity) (*annotations.Identity, error) {
	entries := q.Entries
	if len(entries) == 0 {
		return nil, nil
	}
	// rule T16 in test/integration TestDirectory: two entries of one subject
	if len(entries) > 1 {
		return nil, fmt.Errorf("%s has %d PosixIdentity entries (%s): ask your administrator to delete all but one",
			q.User.Username, len(entries), names(entries))
	}
	entry := entries[0].Spec
	switch {
	// rule T16 in test/integration TestDirectory: an entry that ended
	case entry.NotAfter != nil && !q.Now.Before(entry.NotAfter.Time):
		return nil, fmt.Errorf("PosixIdentity %s expired on %s: ask your administrator to renew it",
			entries[0].Name, entry.NotAfter.UTC().Format("2006-01-02 15:04 MST"))
	// rule T16 in test/forgery TestT16ServiceAccount: a service account in a namespace that its entry does not name
	case isServiceAccount(entry.Subject) && !slices.Contains(entry.Namespaces, q.Namespace):
		return nil, fmt.Errorf("PosixIdentity %s is not valid in namespace %s: ask your administrator to add the namespace",
			entries[0].Name, q.Namespace)
	case !IsHome(entry.Home):
		return nil, fmt.Errorf("PosixIdentity %s has the invalid home %q: ask your administrator to set a path, for example /home/NAME",
			entries[0].Name, entry.Home)
	}
	found, err := newIdentity(entry.UID, entry.GID, entry.SupplementalGroups, userName(entry.UserName, entry.Subject, entry.UID), config.SourceDirectory, policy)
	if err == nil && entry.Home != "" {
		found.Home = entry.Home
	}
	return found, err
}

func isServiceAccount(subject string) bool {
	return strings.HasPrefix(subject, "system:serviceaccount:")
}

func names(entries []v1alpha1.PosixIdentity) string {
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name)
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}

// systemDirs must not be hidden by a home or belong to a user.
var systemDirs = []string{"bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "var"}

// IsHome reports whether a path can be a home: a clean absolute path with at least two elements outside
// the system's directories, or "" for the default.
func IsHome(home string) bool {
	if home == "" {
		return true
	}
	first, _, below := strings.Cut(strings.TrimPrefix(home, "/"), "/")
	return path.IsAbs(home) && path.Clean(home) == home && below && !slices.Contains(systemDirs, first) && !strings.ContainsAny(home, ":\n")
}
