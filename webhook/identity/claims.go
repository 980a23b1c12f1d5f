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

// maxGroups is far above what NFS transmits and far below what a pod can have.
const maxGroups = 256

// decimal matches a valid id. 1e+06 and 0x3e9 are signs of a broken claim mapping and not converted.
var decimal = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// fromClaims reads userInfo.extra, which structured authentication fills from the claims of a token. It
// returns nil for a user without any of these claims.
func fromClaims(user authenticationv1.UserInfo, policy config.Identity) (*annotations.Identity, error) {
	c := claims{extra: user.Extra}
	if len(c.values(policy.Claims.UID)) == 0 && len(c.values(policy.Claims.GID)) == 0 && len(c.values(policy.Claims.Groups)) == 0 {
		return nil, nil
	}
	if err := c.trusted(policy); err != nil {
		return nil, err
	}
	uid := c.id("UID", policy.Claims.UID, policy.MinUID)
	gid := c.id("GID", policy.Claims.GID, policy.MinGID)
	groups := c.ids(policy.Claims.Groups, policy.MinGID)
	if c.err != nil {
		return nil, c.err
	}
	name := userName(c.first(policy.Claims.Name), user.Username, uid)
	return &annotations.Identity{UID: uid, GID: gid, Groups: tidy(groups, gid), UserName: name, Home: "/home/" + name, Source: string(config.SourceClaims)}, nil
}

// claims keeps the first error, so that all values can be read before it is checked.
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

// trusted returns an error for claims of an authenticator that the cluster policy does not list.
func (c *claims) trusted(policy config.Identity) error {
	// rule T20 in test/forgery TestT20AnotherIssuer: an issuer that the policy does not trust
	// without: if true {
	if len(policy.TrustedSources) == 0 {
		return nil
	}
	source := c.first(policy.Claims.Source)
	if slices.Contains(policy.TrustedSources, source) {
		return nil
	}
	if source == "" {
		return fmt.Errorf("claim %s is missing: log in another way, or ask your administrator to fix the claim mapping", policy.Claims.Source)
	}
	return fmt.Errorf("claim %s is %q, which is not trusted: log in another way, or ask your administrator to add it to identity.trustedSources",
		policy.Claims.Source, source)
}

func (c *claims) id(kind, claim string, least int64) int64 {
	values := c.values(claim)
	// rule T21 in test/forgery TestT21BrokenClaims: two uids, or none
	// without: if len(values) == 0 { return 1000 } else if false {
	if len(values) != 1 {
		c.fail("claim %s has %d values, expected 1: ask your administrator to fix the claim mapping", claim, len(values))
		return 0
	}
	return c.number(kind, claim, values[0], least)
}

func (c *claims) ids(claim string, least int64) []int64 {
	values := c.values(claim)
	if len(values) > maxGroups {
		c.fail("claim %s has %d values, expected at most %d: ask your administrator to send fewer groups", claim, len(values), maxGroups)
		return nil
	}
	groups := make([]int64, 0, len(values))
	for _, value := range values {
		groups = append(groups, c.number("GID", claim, value, least))
	}
	return groups
}

func (c *claims) number(kind, claim, text string, least int64) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	// rule T21 in test/forgery TestT21BrokenClaims: a uid that is not a decimal number
	case err != nil || !decimal.MatchString(text):
		c.fail("claim %s is %q, expected a decimal number above 0: ask your administrator to fix the claim mapping", claim, text)
	// rule T21 in test/forgery TestT21BrokenClaims: a uid of the system's
	case number < least:
		c.fail("claim %s is %d, which is below the minimum: ask your administrator for a %s of at least %d", claim, number, kind, least)
	// rule T21 in test/forgery TestT21BrokenClaims: a uid beyond 2147483647
	case number > math.MaxInt32:
		c.fail("claim %s is %d, expected at most %d: ask your administrator to fix the claim mapping", claim, number, math.MaxInt32)
	}
	return number
}

func (c *claims) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}
