package logins

import (
	"maps"

	authenticationv1 "k8s.io/api/authentication/v1"
)

// A login is a token of a vendor's, and the user that the API server makes of it.
type login struct {
	claims map[string]any
	want   authenticationv1.UserInfo
}

type extras map[string]authenticationv1.ExtraValue

// keycloaks are the logins of every sample for Keycloak, with the prefix of names there.
func keycloaks(prefix string) map[string]login {
	claims := func(more map[string]any) map[string]any {
		maps.Copy(more, map[string]any{"aud": "k8s-hpc", "sub": "f6b1", "preferred_username": "alice", "groups": []string{"team-a"}})
		return more
	}
	user := func(extra extras) authenticationv1.UserInfo {
		extra["run.ai/source"] = []string{"keycloak-hpc"}
		return authenticationv1.UserInfo{Username: prefix + "alice", UID: "f6b1", Groups: []string{prefix + "team-a"}, Extra: extra}
	}
	posix := extras{"run.ai/uid": {"1000001"}, "run.ai/gid": {"54001"}, "run.ai/supplementary-groups": {"60001", "60002"}}
	return map[string]login{
		"texts": {claims(map[string]any{"posix_uid": "1000001", "posix_gid": "54001", "posix_groups": []string{"60001", "60002"}}),
			user(maps.Clone(posix))},
		"numbers": {claims(map[string]any{"posix_uid": 1000001, "posix_gid": 54001, "posix_groups": []int{60001, 60002}}),
			user(maps.Clone(posix))},
		"broken texts stay broken": {claims(map[string]any{"posix_uid": "01001", "posix_gid": "1e3", "posix_groups": []string{"0x3e9"}}),
			user(extras{"run.ai/uid": {"01001"}, "run.ai/gid": {"1e3"}, "run.ai/supplementary-groups": {"0x3e9"}})},
		"nothing": {claims(map[string]any{}), user(extras{})},
	}
}

var entras = map[string]login{
	"texts": {entra(map[string]any{"extn.uidNumber": "1000001", "extn.gidNumber": "54001"}),
		entraUser(extras{"run.ai/uid": {"1000001"}, "run.ai/gid": {"54001"}})},
	"numbers": {entra(map[string]any{"extn.uidNumber": 1000001, "extn.gidNumber": 54001}),
		entraUser(extras{"run.ai/uid": {"1000001"}, "run.ai/gid": {"54001"}})},
	"lists": {entra(map[string]any{"extn.uidNumber": []string{"1000001"}, "extn.gidNumber": []int{54001}}),
		entraUser(extras{"run.ai/uid": {"1000001"}, "run.ai/gid": {"54001"}})},
	"two values stay two": {entra(map[string]any{"extn.uidNumber": []string{"1001", "1002"}}),
		entraUser(extras{"run.ai/uid": {"1001", "1002"}})},
	"nothing": {entra(map[string]any{}), entraUser(extras{})},
}

func entra(more map[string]any) map[string]any {
	maps.Copy(more, map[string]any{
		"aud": "22222222-2222-2222-2222-222222222222", "sub": "pairwise", "oid": "a1b2", "preferred_username": "alice@example.com",
		"groups": []string{"c3d4"}, "tid": "11111111-1111-1111-1111-111111111111",
	})
	return more
}

func entraUser(extra extras) authenticationv1.UserInfo {
	maps.Copy(extra, extras{"run.ai/source": {"entra"}, "run.ai/user-name": {"alice"}})
	return authenticationv1.UserInfo{Username: "entra:a1b2", UID: "a1b2", Groups: []string{"entra:c3d4"}, Extra: extra}
}

var oktas = map[string]login{
	"numbers": {
		map[string]any{"aud": "0oa1example", "sub": "00u1", "groups": []string{"team-a"}, "posix_uid": 1000001, "posix_gid": 54001,
			"posix_groups": []int{60001}, "posix_name": "alice"},
		authenticationv1.UserInfo{Username: "okta:00u1", UID: "00u1", Groups: []string{"okta:team-a"}, Extra: extras{
			"run.ai/source": {"okta"}, "run.ai/uid": {"1000001"}, "run.ai/gid": {"54001"}, "run.ai/supplementary-groups": {"60001"},
			"run.ai/user-name": {"alice"}}},
	},
}

var dexes = map[string]login{
	"groups": {
		dex("hpc-saml", "team-a", "posix-uid:1000001", "posix-gid:54001", "posix-group:60001", "posix-group:60002"),
		authenticationv1.UserInfo{Username: "dex:alice", UID: "Cg", Groups: []string{"dex:team-a"}, Extra: extras{
			"run.ai/source": {"dex-hpc"}, "run.ai/uid": {"1000001"}, "run.ai/gid": {"54001"},
			"run.ai/supplementary-groups": {"60001", "60002"}}},
	},
	"in two groups": {
		dex("hpc-saml", "posix-uid:1001", "posix-uid:1002", "posix-gid:1001"),
		authenticationv1.UserInfo{Username: "dex:alice", UID: "Cg", Extra: extras{
			"run.ai/source": {"dex-hpc"}, "run.ai/uid": {"1001", "1002"}, "run.ai/gid": {"1001"}}},
	},
	"another connector": {dex("github", "posix-uid:1000001"), authenticationv1.UserInfo{}},
}

func dex(connector string, groups ...string) map[string]any {
	return map[string]any{"aud": "k8s-hpc", "sub": "Cg", "name": "Alice", "groups": groups,
		"federated_claims": map[string]any{"connector_id": connector, "user_id": "alice"}}
}
