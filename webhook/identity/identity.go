// Package identity resolves an authenticated user of the cluster to a POSIX user. It trusts what the API
// server reports about a request. Only the source Client trusts what the user wrote.
package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// A Question asks for the POSIX identity of a user. It has values only: nothing is looked up.
type Question struct {
	User      authenticationv1.UserInfo
	Namespace string
	// Entries are the directory's entries for exactly this username.
	Entries []v1alpha1.PosixIdentity
	// Client has the ids that the user's workstation reports. It is read only if the cluster policy lists
	// this source.
	Client *annotations.ClientIdentity
	Now    time.Time
}

// sources answer a question, with nil if they do not know the user.
var sources = map[config.IdentitySource]func(Question, config.Identity) (*annotations.Identity, error){
	config.SourceClaims: func(q Question, policy config.Identity) (*annotations.Identity, error) {
		return fromClaims(q.User, policy)
	},
	config.SourceDirectory: fromDirectory,
	config.SourceClient:    fromClient,
}

// Resolve asks the cluster policy's sources in order and returns the answer of the first that knows the
// user. If that answer is incomplete or out of range, Resolve returns an error: it neither corrects ids
// nor mixes those of several sources.
func Resolve(q Question, policy config.Identity) (*annotations.Identity, error) {
	for _, source := range policy.Sources {
		found, err := sources[source](q, policy)
		if found != nil || err != nil {
			return found, err
		}
	}
	// rule T15 in test/forgery TestT15CompromisedController: a controller submits a job
	// without: return nil, nil
	// rule T17 in test/forgery TestT17ImpersonatesUsers: to impersonate a user, without the attributes
	// without: return nil, nil
	return nil, fmt.Errorf("the cluster has no UID and GID for %s: ask your administrator to %s", q.User.Username, remedies(policy))
}

// remedies returns what an administrator can do for a user that no source knows.
func remedies(policy config.Identity) string {
	var all []string
	for _, source := range policy.Sources {
		switch source {
		case config.SourceClaims:
			all = append(all, fmt.Sprintf("add %s and %s to your login", policy.Claims.UID, policy.Claims.GID))
		case config.SourceDirectory:
			all = append(all, "create a PosixIdentity for you")
		}
	}
	if len(all) == 0 {
		return "list Claims or Directory in identity.sources of the cluster policy"
	}
	return strings.Join(all, ", or to ")
}

// newIdentity returns an identity, or an error if an id is out of the cluster policy's bounds.
func newIdentity(uid, gid int64, groups []int64, name string, source config.IdentitySource, policy config.Identity) (*annotations.Identity, error) {
	found := annotations.Identity{UID: uid, GID: gid, Groups: tidy(slices.Clone(groups), gid), UserName: name, Home: "/home/" + name, Source: string(source)}
	if err := inBounds(found, policy); err != nil {
		return nil, err
	}
	return &found, nil
}

func inBounds(found annotations.Identity, policy config.Identity) error {
	if found.UID < policy.MinUID {
		return fmt.Errorf("UID %d (source %s) is below the minimum: ask your administrator for a UID of at least %d",
			found.UID, found.Source, policy.MinUID)
	}
	for _, group := range append([]int64{found.GID}, found.Groups...) {
		if group < policy.MinGID {
			return fmt.Errorf("GID %d (source %s) is below the minimum: ask your administrator for a GID of at least %d",
				group, found.Source, policy.MinGID)
		}
	}
	return nil
}

// tidy sorts groups and removes duplicates and the GID.
func tidy(groups []int64, gid int64) []int64 {
	groups = slices.DeleteFunc(groups, func(group int64) bool { return group == gid })
	slices.Sort(groups)
	return slices.Compact(groups)
}
