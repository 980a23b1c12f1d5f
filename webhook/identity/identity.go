// Package identity tells which POSIX user an authenticated user of the cluster is. It trusts what the
// API server says of a request, and nothing that a client wrote.
package identity

import (
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Resolve asks the policy's sources in their order; the first that knows the user answers. What a
// source says is complete and in range, or an error that names what is wrong: it is never mended, and
// never mixed with another source.
func Resolve(user authenticationv1.UserInfo, policy config.Identity) (*annotations.Identity, error) {
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
