package policy

import (
	"fmt"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
)

// FuzzFiles checks that no user name adds a line to the passwd or group file.
func FuzzFiles(f *testing.F) {
	f.Add("saml:alice@example.com", "ada", uint32(1234567), uint32(54000), uint32(60001))
	f.Add("x:y\nroot::0:0::/:/bin/sh", "a:b", uint32(1000), uint32(1000), uint32(1000))
	f.Fuzz(func(t *testing.T, name, claim string, uid, gid, group uint32) {
		user, err := identity.Resolve(identity.Question{User: authenticationv1.UserInfo{Username: name, Extra: map[string]authenticationv1.ExtraValue{
			"run.ai/uid": {fmt.Sprint(uid)}, "run.ai/gid": {fmt.Sprint(gid)}, "run.ai/supplementary-groups": {fmt.Sprint(group)}, "run.ai/user-name": {claim},
		}}}, config.Default().Identity)
		if err != nil {
			return
		}
		lines := strings.Split(passwdFile(user), "\n")
		want := fmt.Sprintf("%s:x:%d:%d::/home/%s:/bin/sh", user.UserName, uid, gid, user.UserName)
		if len(lines) != 5 || lines[3] != want || lines[4] != "" || strings.Count(lines[3], ":") != 6 {
			t.Errorf("got %q", lines)
		}
		groups := 3
		if group != gid {
			groups++
		}
		if lines := strings.Split(groupFile(user), "\n"); len(lines) != groups+1 || lines[2] != fmt.Sprintf("%s:x:%d:", user.UserName, gid) {
			t.Errorf("got %q", lines)
		}
	})
}
