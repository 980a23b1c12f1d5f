package identity

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// maxGroups is far above what NFS carries and far below what a pod can hold.
const maxGroups = 256

// decimal is how an id is written: 1e+06 and 0x3e9 are not mended, they are signs of a broken mapping.
var decimal = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// fromClaims reads userInfo.extra, which structured authentication fills from the claims of a token.
// It returns nil for a user of whom none of the claims is there.
func fromClaims(user authenticationv1.UserInfo, policy config.Identity) (*annotations.Identity, error) {
	c := claims{extra: user.Extra}
	if len(c.values(policy.Claims.UID)) == 0 && len(c.values(policy.Claims.GID)) == 0 && len(c.values(policy.Claims.Groups)) == 0 {
		return nil, nil
	}
	if err := c.trusted(policy); err != nil {
		return nil, err
	}
	uid := c.id(policy.Claims.UID, policy.MinUID)
	gid := c.id(policy.Claims.GID, policy.MinGID)
	groups := c.ids(policy.Claims.Groups, policy.MinGID)
	if c.err != nil {
		return nil, c.err
	}
	name := userName(c.first(policy.Claims.Name), user.Username, uid)
	return &annotations.Identity{UID: uid, GID: gid, Groups: tidy(groups, gid), UserName: name, Home: "/home/" + name, Source: string(config.SourceClaims)}, nil
}

// claims keeps the first error, so that the values can be read one after the other.
type claims struct {
	extra map[string]authenticationv1.ExtraValue
	err   error
}

func (c *claims) values(claim string) []string {
	if claim == "" {
		return nil
	}
	return c.extra[claim]
}

func (c *claims) first(claim string) string {
	if values := c.values(claim); len(values) == 1 {
		return values[0]
	}
	return ""
}

// trusted refuses claims of an authenticator that the policy does not list.
func (c *claims) trusted(policy config.Identity) error {
	// rule T20 in test/forgery TestT20AnotherIssuer: an issuer that the policy does not trust; without: if true {
	if len(policy.TrustedSources) == 0 {
		return nil
	}
	source := c.first(policy.Claims.Source)
	if slices.Contains(policy.TrustedSources, source) {
		return nil
	}
	return fmt.Errorf("the claim %s is %q, which the cluster's policy does not trust: log in by another way, or ask your administrator", policy.Claims.Source, source)
}

func (c *claims) id(claim string, least int64) int64 {
	values := c.values(claim)
	// rule T21 in test/forgery TestT21BrokenClaims: two uids, or none; without: if len(values) == 0 { return 1000 } else if false {
	if len(values) != 1 {
		c.fail("the claim %s has %d values, not one: ask your administrator to mend the mapping of the claims", claim, len(values))
		return 0
	}
	return c.number(claim, values[0], least)
}

func (c *claims) ids(claim string, least int64) []int64 {
	values := c.values(claim)
	if len(values) > maxGroups {
		c.fail("the claim %s has %d values, more than %d: ask your administrator to send fewer groups", claim, len(values), maxGroups)
		return nil
	}
	groups := make([]int64, 0, len(values))
	for _, value := range values {
		groups = append(groups, c.number(claim, value, least))
	}
	return groups
}

func (c *claims) number(claim, text string, least int64) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	// rule T21 in test/forgery TestT21BrokenClaims: a uid that is no decimal number
	case err != nil || !decimal.MatchString(text):
		c.fail("the claim %s is %q, no decimal number above 0: ask your administrator to mend the mapping of the claims", claim, text)
	// rule T21 in test/forgery TestT21BrokenClaims: a uid of the system's
	case number < least:
		c.fail("the claim %s is %d, less than the %d that the cluster's policy allows: ask your administrator", claim, number, least)
	// rule T21 in test/forgery TestT21BrokenClaims: a uid beyond 2147483647
	case number > math.MaxInt32:
		c.fail("the claim %s is %d, more than a pod can have: ask your administrator", claim, number)
	}
	return number
}

func (c *claims) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}
