// Package identity tells which POSIX user an authenticated user of the cluster is. It trusts what the
// API server says of a request, and nothing that a client wrote.
package identity

import (
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
)

// An Identity is a POSIX user: decimal ids from 1 to 2147483647.
type Identity struct {
	UID, GID int64
	// Groups are the supplementary groups, sorted, without the GID and without repetitions.
	Groups []int64
	// UserName is the name in the passwd file.
	UserName string
	// Home is an absolute path.
	Home string
	// Source is the one of the policy's sources that answered.
	Source config.IdentitySource
}

// Resolve asks the policy's sources in their order; the first that knows the user answers. What a
// source says is complete and in range, or an error that names what is wrong: it is never mended, and
// never mixed with another source.
func Resolve(user authenticationv1.UserInfo, policy config.Identity) (*Identity, error) {
	for _, source := range policy.Sources {
		if source != config.SourceClaims {
			continue
		}
		found, err := fromClaims(user, policy)
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, fmt.Errorf("the cluster knows no UID and GID of %s: ask your administrator to send the claims %s and %s with your login",
		user.Username, policy.Claims.UID, policy.Claims.GID)
}

// tidy sorts groups and drops repetitions and the GID itself.
func tidy(groups []int64, gid int64) []int64 {
	groups = slices.DeleteFunc(groups, func(group int64) bool { return group == gid })
	slices.Sort(groups)
	return slices.Compact(groups)
}
