package forgery

import (
	"testing"

	crewjam "github.com/crewjam/saml"

	"github.com/runai-mpi/runai-mpi/test/internal/saml"
)

// A UID is one decimal number, or no job runs. The webhook judges it, and names the claim: the bridge and the API server
// pass on what the identity provider says.
func TestT21BrokenAttributes(t *testing.T) {
	namespace := product.AddProject(t, "attributes", required)
	uid := func(text string) []crewjam.Attribute { return saml.Posix(text, "54001") }
	only := func(attribute string, values ...string) []crewjam.Attribute {
		return []crewjam.Attribute{saml.Attribute(attribute, values...)}
	}
	const number = ", expected a decimal number"
	for name, test := range map[string]struct {
		attributes    []crewjam.Attribute
		where, reason string
	}{
		"zero":           {uid("0"), theWebhook, `claim run.ai/uid is "0", expected a decimal number above 0`},
		"negative":       {uid("-1"), theWebhook, `claim run.ai/uid is "-1"` + number},
		"with a sign":    {uid("+1001"), theWebhook, `claim run.ai/uid is "+1001"` + number},
		"hexadecimal":    {uid("0x3e9"), theWebhook, `claim run.ai/uid is "0x3e9"` + number},
		"exponent":       {uid("1e3"), theWebhook, `claim run.ai/uid is "1e3"` + number},
		"fraction":       {uid("1001.0"), theWebhook, `claim run.ai/uid is "1001.0"` + number},
		"octal":          {uid("01001"), theWebhook, `claim run.ai/uid is "01001"` + number},
		"underscore":     {uid("1_001"), theWebhook, `claim run.ai/uid is "1_001"` + number},
		"beyond int32":   {uid("4294967295"), theWebhook, "claim run.ai/uid is 4294967295, expected at most 2147483647"},
		"beyond int64":   {uid("18446744073709552617"), theWebhook, `claim run.ai/uid is "18446744073709552617"` + number},
		"Arabic digits":  {uid("١٠٠١"), theWebhook, `claim run.ai/uid is "١٠٠١"` + number},
		"space before":   {uid(" 1001"), theWebhook, `claim run.ai/uid is " 1001"` + number},
		"space after":    {uid("1001 "), theWebhook, `claim run.ai/uid is "1001 "` + number},
		"line end":       {uid("1001\n"), theWebhook, `claim run.ai/uid is "1001\n"` + number},
		"two in a text":  {uid("1001,1002"), theWebhook, `claim run.ai/uid is "1001,1002"` + number},
		"a system's":     {uid("33"), theWebhook, "claim run.ai/uid is 33, which is below the minimum"},
		"empty":          {uid(""), theWebhook, "claim run.ai/uid has 0 values"},
		"two values":     {only(saml.UID, "1001", "1002"), theBridge, "attribute UID has 2 values"},
		"twice the same": {only(saml.UID, "1001", "1001"), theBridge, "attribute UID has 2 values"},
		"two attributes": {append(uid("1001"), saml.Attribute(saml.UID, "1002")), theBridge, "attribute UID is there twice"},
		"two gids":       {only(saml.GID, "54001", "54002"), theBridge, "attribute GID has 2 values"},
		"no gid":         {only(saml.UID, "1001"), theWebhook, "claim run.ai/gid has 0 values"},
		"no uid":         {only(saml.GID, "1001"), theWebhook, "claim run.ai/uid has 0 values"},
		"an octal gid":   {saml.Posix("1001", "01001"), theWebhook, `claim run.ai/gid is "01001"` + number},
		"root's group":   {saml.Posix("1001", "54001", "60001", "0"), theWebhook, `claim run.ai/supplementary-groups is "0"` + number},
		"an octal group": {saml.Posix("1001", "54001", "060001"), theWebhook, `claim run.ai/supplementary-groups is "060001"` + number},
		"a group's name": {saml.Posix("1001", "54001", "wheel"), theWebhook, `claim run.ai/supplementary-groups is "wheel"` + number},
		"other names":    {only("uid", "1001"), theWebhook, "the cluster has no UID and GID for saml:grace"},
	} {
		ends(t, name, namespace, respond(t, saml.Person{Name: "grace", Attributes: test.attributes}), test.where, test.reason)
	}
	// A friendly name is for people.
	friendly := saml.Attribute("urn:oid:1.2.3", "1001")
	friendly.FriendlyName = saml.UID
	attributes := append([]crewjam.Attribute{friendly}, grace.Attributes...)
	ends(t, "a friendly name", namespace, respond(t, saml.Person{Name: "grace", Attributes: attributes}), nowhere, "")
}
