package annotations

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// An Identity is a POSIX user: decimal ids from 1 to 2147483647.
type Identity struct {
	UID int64 `json:"uid"`
	GID int64 `json:"gid"`
	// Groups are the supplementary groups, sorted, without the GID and without repetitions.
	Groups []int64 `json:"groups,omitempty"`
	// UserName is the name in the passwd file.
	UserName string `json:"userName"`
	// Home is an absolute path.
	Home string `json:"home"`
	// Source tells where the ids come from: one of the sources of the cluster's policy.
	Source string `json:"source"`
}

// String writes the identity as the program id does.
func (i Identity) String() string {
	groups := []string{strconv.FormatInt(i.GID, 10)}
	for _, group := range i.Groups {
		groups = append(groups, strconv.FormatInt(group, 10))
	}
	return fmt.Sprintf("uid=%d(%s) gid=%d groups=%s", i.UID, i.UserName, i.GID, strings.Join(groups, ","))
}

// A Stamp is what the webhook writes of the user who submitted a job, as the API server authenticated
// her, and of the identity that the job runs as, if it runs as hers.
type Stamp struct {
	Username string    `json:"username"`
	UserUID  string    `json:"userUID,omitempty"`
	Identity *Identity `json:"identity,omitempty"`
}

// String writes the stamp, the same for the same user.
func (s Stamp) String() string {
	text, _ := json.Marshal(s) // strings and numbers
	return string(text)
}

// ParseStamp reads the stamp of a stored job, and returns nil for a job that has none: one from before
// the webhook was installed.
func ParseStamp(annotations map[string]string) (*Stamp, error) {
	text, present := annotations[SubmittedByKey]
	if !present {
		return nil, nil
	}
	stamp := &Stamp{}
	if err := json.Unmarshal([]byte(text), stamp); err != nil {
		return nil, fmt.Errorf("the annotation %s cannot be read: %w", SubmittedByKey, err)
	}
	return stamp, nil
}
