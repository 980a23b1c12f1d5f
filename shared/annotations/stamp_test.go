package annotations

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every reader of a stamp sees the same identity: encoding/json alone would take the last of uid and UID.
func TestParseStampIsStrict(t *testing.T) {
	alice := &Stamp{Username: "saml:alice", Identity: &Identity{UID: 1001, GID: 1001, UserName: "alice", Home: "/home/alice", Source: "Claims"}}
	const rest = `"gid":1001,"userName":"alice","home":"/home/alice","source":"Claims"}}`
	for name, test := range map[string]struct {
		text string
		want *Stamp
	}{
		"ours":               {alice.String(), alice},
		"another case":       {`{"username":"saml:alice","identity":{"uid":1001,"UID":0,` + rest, alice},
		"of a newer version": {`{"username":"saml:alice","cluster":"a","identity":{"uid":1001,` + rest, alice},
		"a uid twice":        {`{"username":"saml:alice","identity":{"uid":1001,"uid":1002,` + rest, nil},
		"a user twice":       {`{"username":"saml:bob","username":"saml:alice","identity":{"uid":1001,` + rest, nil},
		"no JSON":            {`saml:alice`, nil},
		"a list":             {`[]`, nil},
	} {
		got, err := ParseStamp(map[string]string{SubmittedByKey: test.text})
		if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != (test.want != nil) {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
}
