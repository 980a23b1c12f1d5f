package annotations

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// ClientIdentity holds a user's POSIX ids, from 1 to 2147483647, as their workstation reports them.
type ClientIdentity struct {
	UID, GID int64
	Groups   []int64
}

var (
	positive = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

	errClientIdentity = errors.New("must be uid:gid or uid:gid:group,group with decimal ids from 1 to 2147483647, " +
		"for example 1000:1000:44,109")
)

// String writes uid:gid, or uid:gid:g1,g2.
func (c ClientIdentity) String() string {
	text := strconv.FormatInt(c.UID, 10) + ":" + strconv.FormatInt(c.GID, 10)
	if len(c.Groups) == 0 {
		return text
	}
	groups := make([]string, 0, len(c.Groups))
	for _, group := range c.Groups {
		groups = append(groups, strconv.FormatInt(group, 10))
	}
	return text + ":" + strings.Join(groups, ",")
}

// UnmarshalText reads what String writes.
func (c *ClientIdentity) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ":")
	if len(parts) != 2 && len(parts) != 3 {
		return errClientIdentity
	}
	ids := parts[:2:2]
	if len(parts) == 3 {
		ids = append(ids, strings.Split(parts[2], ",")...)
	}
	numbers := make([]int64, 0, len(ids))
	for _, id := range ids {
		number, err := strconv.ParseInt(id, 10, 32)
		if err != nil || !positive.MatchString(id) {
			return errClientIdentity
		}
		numbers = append(numbers, number)
	}
	c.UID, c.GID = numbers[0], numbers[1]
	if len(numbers) > 2 {
		c.Groups = numbers[2:]
	}
	return nil
}

// ClientIdentityOf returns the workstation's ids in an MPIJob's annotations, or nil if they are
// missing or invalid. [Parse] returns the reason.
func ClientIdentityOf(annotations map[string]string) *ClientIdentity {
	var found ClientIdentity
	if text, present := annotations[ClientIdentityKey]; !present || len(text) > longest || found.UnmarshalText([]byte(text)) != nil {
		return nil
	}
	return &found
}
