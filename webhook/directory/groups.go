package directory

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/runai-mpi/runai-mpi/config"
)

// A membership knows who is in which group.
type membership struct {
	by config.Membership
	// gids are the GIDs of groups that have a valid one, by their DN.
	gids map[string]int64
	// above are the keys of the groups that an account or a group is in directly, by its key, or by its user name.
	above map[string][]string
}

func newMembership(groups []Entry, sync *config.DirectorySync) *membership {
	m := &membership{by: sync.Groups.Membership, gids: map[string]int64{}, above: map[string][]string{}}
	members := strings.ToLower(string(m.by))
	for _, group := range groups {
		key := group.Key
		if gid, valid := gidOf(group, sync); valid {
			m.gids[key] = gid
		}
		for _, value := range group.Attributes[members] {
			switch m.by {
			case config.ByMemberUID, config.ByMember:
				m.above[value] = append(m.above[value], key)
			case config.ByMemberOf:
				m.above[key] = append(m.above[key], value)
			}
		}
	}
	return m
}

// gidOf returns the GID of a group, and reports whether an account can have it.
func gidOf(group Entry, sync *config.DirectorySync) (gid int64, valid bool) {
	values := group.Attributes[strings.ToLower(sync.Groups.GID)]
	if len(values) != 1 || !decimal.MatchString(values[0]) {
		return 0, false
	}
	gid, err := strconv.ParseInt(values[0], 10, 64)
	return gid, err == nil && gid >= sync.MinGID && gid <= math.MaxInt32
}

// of returns the sorted GIDs of the groups that an account is in, also through other groups, without its primary GID.
func (m *membership) of(account Entry, userName string, gid int64) []int64 {
	var queue []string
	switch m.by {
	case config.ByMemberUID:
		queue = m.above[userName]
	case config.ByMember:
		queue = m.above[account.Key]
	case config.ByMemberOf:
		queue = account.Attributes[strings.ToLower(string(m.by))]
	}
	var gids []int64
	queue, seen := slices.Clone(queue), map[string]bool{}
	for len(queue) > 0 {
		group := queue[0]
		queue = queue[1:]
		if seen[group] { // groups can be in each other
			continue
		}
		seen[group] = true
		if own, found := m.gids[group]; found && own != gid {
			gids = append(gids, own)
		}
		if m.by != config.ByMemberUID {
			queue = append(queue, m.above[group]...)
		}
	}
	slices.Sort(gids)
	return slices.Compact(gids)
}
