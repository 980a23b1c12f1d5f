// Package identity resolves an authenticated user of the cluster to a POSIX user. It trusts what the API
// server says of a request, and nothing that a client wrote.
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

// A Question asks for the POSIX identity of a user. All of it are values.
type Question struct {
	User      authenticationv1.UserInfo
	Namespace string
	// Entries are the directory's for exactly this username.
	Entries []v1alpha1.PosixIdentity
	// Client is what the user's workstation says; it is read only where the policy lists it as a source.
	Client *annotations.ClientIdentity
	Now    time.Time
}

// sources answer a question: with nil, if they do not know the user.
var sources = map[config.IdentitySource]func(Question, config.Identity) (*annotations.Identity, error){
	config.SourceClaims: func(q Question, policy config.Identity) (*annotations.Identity, error) {
		return fromClaims(q.User, policy)
	},
	config.SourceDirectory: fromDirectory,
	config.SourceClient:    fromClient,
}

// Resolve asks the policy's sources in their order; the first that knows the user answers. What a
// source says is complete and in range, or an error that names what is wrong: it is never mended, and
// never mixed with another source.
func Resolve(q Question, policy config.Identity) (*annotations.Identity, error) {
	for _, source := range policy.Sources {
		found, err := sources[source](q, policy)
		if found != nil || err != nil {
			return found, err
		}
	}
	// rule T15 in test/forgery TestT15CompromisedController: a controller submits a job; without: return nil, nil
	// rule T17 in test/forgery TestT17ImpersonatesUsers: to impersonate a user, without the attributes; without: return nil, nil
	return nil, fmt.Errorf("the cluster knows no UID and GID of %s: ask your administrator to %s", q.User.Username, remedies(policy))
}

// remedies are how an administrator makes the cluster know somebody.
func remedies(policy config.Identity) string {
	var all []string
	for _, source := range policy.Sources {
		switch source {
		case config.SourceClaims:
			all = append(all, fmt.Sprintf("send the claims %s and %s with your login", policy.Claims.UID, policy.Claims.GID))
		case config.SourceDirectory:
			all = append(all, "make a PosixIdentity of you")
		}
	}
	if len(all) == 0 {
		return "list a source in the cluster's policy"
	}
	return strings.Join(all, ", or to ")
}

// newIdentity judges ids of any source by the policy's bounds.
func newIdentity(uid, gid int64, groups []int64, name string, source config.IdentitySource, policy config.Identity) (*annotations.Identity, error) {
	found := annotations.Identity{UID: uid, GID: gid, Groups: tidy(slices.Clone(groups), gid), UserName: name, Home: "/home/" + name, Source: string(source)}
	if err := inBounds(found, policy); err != nil {
		return nil, err
	}
	return &found, nil
}

func inBounds(found annotations.Identity, policy config.Identity) error {
	if found.UID < policy.MinUID {
		return fmt.Errorf("the uid %d of source %s is less than the %d that the cluster's policy allows: ask your administrator", found.UID, found.Source, policy.MinUID)
	}
	for _, group := range append([]int64{found.GID}, found.Groups...) {
		if group < policy.MinGID {
			return fmt.Errorf("the group %d of source %s is less than the %d that the cluster's policy allows: ask your administrator", group, found.Source, policy.MinGID)
		}
	}
	return nil
}

// tidy sorts groups and drops repetitions and the GID itself.
func tidy(groups []int64, gid int64) []int64 {
	groups = slices.DeleteFunc(groups, func(group int64) bool { return group == gid })
	slices.Sort(groups)
	return slices.Compact(groups)
}
