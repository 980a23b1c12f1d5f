package logins

import (
	"encoding/json"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// A realm has the fields of an exported realm that matter here.
type realm struct {
	DuplicateEmailsAllowed  bool     `json:"duplicateEmailsAllowed"`
	AccessTokenLifespan     int      `json:"accessTokenLifespan"`
	IdentityProviders       []entity `json:"identityProviders"`
	IdentityProviderMappers []entity `json:"identityProviderMappers"`
	Clients                 []struct {
		ClientID        string   `json:"clientId"`
		ProtocolMappers []entity `json:"protocolMappers"`
	} `json:"clients"`
}

type entity struct {
	Config map[string]string `json:"config"`
}

// profile is a user profile of a realm. Without an unmanagedAttributePolicy, a user has only these attributes.
type profile struct {
	Attributes []struct {
		Name        string `json:"name"`
		Permissions struct {
			Edit []string `json:"edit"`
		} `json:"permissions"`
	} `json:"attributes"`
	UnmanagedAttributePolicy string `json:"unmanagedAttributePolicy"`
}

// The sample realm agrees with the configuration of the API server, and only administrators and the identity provider
// decide who somebody is. Keycloak itself does not run.
func TestKeycloak(t *testing.T) {
	var r realm
	var p profile
	decode(t, "identity/keycloak-realm.json", &r)
	decode(t, "identity/keycloak-user-profile.json", &p)
	var authentication struct {
		JWT []struct {
			Issuer struct {
				Audiences []string `json:"audiences"`
			} `json:"issuer"`
		} `json:"jwt"`
	}
	if err := yaml.Unmarshal([]byte(readFile(t, root+samples+"authentication-configuration.yaml")), &authentication); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(authentication.JWT[0].Issuer.Audiences, []string{r.Clients[0].ClientID}) {
		t.Errorf("the client is %s, the audiences are %s", r.Clients[0].ClientID, authentication.JWT[0].Issuer.Audiences)
	}
	if r.AccessTokenLifespan <= 0 || r.AccessTokenLifespan > 43200 || !r.DuplicateEmailsAllowed {
		t.Errorf("tokens live for %d seconds, accounts are found by e-mail: %t", r.AccessTokenLifespan, !r.DuplicateEmailsAllowed)
	}
	isSigned(t, r.IdentityProviders[0].Config)
	editable(t, p)
	mapped(t, r)
}

func isSigned(t *testing.T, provider map[string]string) {
	t.Helper()
	for key, want := range map[string]string{"validateSignature": "true", "wantAssertionsSigned": "true", "syncMode": "FORCE"} {
		if provider[key] != want {
			t.Errorf("%s of the identity provider is %q, want %s", key, provider[key], want)
		}
	}
}

// editable asserts that only administrators edit attributes, and that there are no others.
func editable(t *testing.T, p profile) {
	t.Helper()
	if p.UnmanagedAttributePolicy != "" {
		t.Errorf("the policy for other attributes is %s", p.UnmanagedAttributePolicy)
	}
	managed := map[string]bool{}
	for _, attribute := range p.Attributes {
		managed[attribute.Name] = true
		if !slices.Equal(attribute.Permissions.Edit, []string{"admin"}) {
			t.Errorf("%v may edit %s", attribute.Permissions.Edit, attribute.Name)
		}
	}
	for _, name := range []string{"username", "posix_uid", "posix_gid", "posix_groups"} {
		if !managed[name] {
			t.Errorf("%s is not managed", name)
		}
	}
}

// mapped asserts that the attributes of an assertion become the claims that the API server reads, at each login, and as
// the texts that they are.
func mapped(t *testing.T, r realm) {
	t.Helper()
	imported := map[string]string{}
	for _, mapper := range r.IdentityProviderMappers {
		if mapper.Config["syncMode"] != "FORCE" {
			t.Errorf("%s is imported with syncMode %s", mapper.Config["user.attribute"], mapper.Config["syncMode"])
		}
		imported[mapper.Config["user.attribute"]] = mapper.Config["attribute.name"]
	}
	claims := map[string]string{}
	for _, mapper := range r.Clients[0].ProtocolMappers {
		if mapper.Config["jsonType.label"] != "String" || mapper.Config["id.token.claim"] != "true" {
			t.Errorf("the claim %s is made by %v", mapper.Config["claim.name"], mapper.Config)
		}
		claims[mapper.Config["claim.name"]] = imported[mapper.Config["user.attribute"]]
	}
	for claim, attribute := range map[string]string{"posix_uid": "UID", "posix_gid": "GID", "posix_groups": "SUPPLEMENTARYGROUPS"} {
		if claims[claim] != attribute {
			t.Errorf("the claim %s has the attribute %q, want %s", claim, claims[claim], attribute)
		}
	}
}

func decode(t *testing.T, sample string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(readFile(t, root+samples+sample)), into); err != nil {
		t.Fatal(err)
	}
}
