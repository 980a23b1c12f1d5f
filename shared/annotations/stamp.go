package annotations

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	strictjson "sigs.k8s.io/json"
)

// An Identity is a POSIX user: decimal ids from 1 to 2147483647.
type Identity struct {
	UID int64 `json:"uid"`
	GID int64 `json:"gid"`
	// Groups are the supplementary groups, sorted, without duplicates and without the GID.
	Groups []int64 `json:"groups,omitempty"`
	// UserName is the name in the passwd file.
	UserName string `json:"userName"`
	// Home is an absolute path.
	Home string `json:"home"`
	// Source is the cluster policy's source that the ids come from.
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

// A Stamp records who submitted a job, as authenticated by the API server, and the identity that the job
// runs as, if it runs as its submitter.
type Stamp struct {
	Username string    `json:"username"`
	UserUID  string    `json:"userUID,omitempty"`
	Identity *Identity `json:"identity,omitempty"`
}

// String writes the stamp as JSON, always the same for the same user.
func (s Stamp) String() string {
	text, _ := json.Marshal(s) // strings and numbers
	return string(text)
}

// ParseStamp returns the stamp in a stored job's annotations, or nil if it has none because it was stored
// before the webhook was installed. It returns an error if the stamp is not valid JSON. Keys are case-sensitive
// and must not occur twice, so that every reader sees the same identity.
func ParseStamp(annotations map[string]string) (*Stamp, error) {
	text, present := annotations[SubmittedByKey]
	if !present {
		return nil, nil
	}
	stamp := &Stamp{}
	// rule T27 in test/forgery TestT27MultiKueueStamp: a second uid, written UID
	// without: twice, err := []error(nil), json.Unmarshal([]byte(text), stamp); _ = strictjson.DisallowDuplicateFields
	twice, err := strictjson.UnmarshalStrict([]byte(text), stamp, strictjson.DisallowDuplicateFields)
	if err != nil || len(twice) > 0 {
		return nil, fmt.Errorf("annotation %s is not a valid stamp", SubmittedByKey)
	}
	return stamp, nil
}
