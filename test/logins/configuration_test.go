package logins

import (
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
)

// A vendor is a sample of a configuration, and the issuer that stands for the vendor's.
type vendor struct {
	sample string
	// translate makes an AuthenticationConfiguration from a sample of another kind, as the vendor does.
	translate func(sample string) (string, error)
	logins    map[string]login
	issuer    *issuer.Issuer
}

var vendors = []*vendor{
	{sample: "authentication-configuration.yaml", logins: keycloaks("saml:")},
	{sample: "identity/entra.yaml", logins: entras},
	{sample: "identity/okta.yaml", logins: oktas},
	{sample: "identity/dex.yaml", logins: dexes},
	{sample: "identity/openshift.yaml", translate: fromOpenShift, logins: keycloaks("saml:")},
	{sample: "identity/aks-jwtauthenticator.json", translate: fromAKS, logins: keycloaks("aks:jwt:")},
}

// A configuration begins with a head, which ends with the list of authenticators.
const (
	list = "\njwt:\n"
	head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration" + list
)

// allVendors returns one configuration with the authenticators of all samples, and those with mistakes. Each is as in its
// file, with the URL and the certificate of another issuer.
func allVendors() (string, error) {
	all := head
	for _, vendor := range append(naive, vendors...) {
		text, err := vendor.configuration()
		if err != nil {
			return "", fmt.Errorf("%s: %w", vendor.sample, err)
		}
		_, authenticators, found := strings.Cut(text, list)
		if !found {
			return "", fmt.Errorf("%s has no list jwt", vendor.sample)
		}
		all += authenticators
	}
	return all, nil
}

func (v *vendor) configuration() (text string, err error) {
	if v.issuer == nil {
		if v.issuer, err = issuer.Start("k8s-hpc"); err != nil {
			return "", err
		}
	}
	data, err := os.ReadFile(root + samples + v.sample)
	if err != nil {
		return "", err
	}
	text = string(data)
	if v.translate != nil {
		if text, err = v.translate(text); err != nil {
			return "", err
		}
	}
	return v.issuer.Stand(text)
}

// anybody returns the claims of a user who can log in.
func (v *vendor) anybody() map[string]any {
	for _, login := range v.logins {
		if login.want.Username != "" {
			return login.claims
		}
	}
	return nil
}

// fromAKS returns the configuration that AKS makes of its own.
func fromAKS(sample string) (string, error) {
	var authenticator map[string]any
	if err := yaml.UnmarshalStrict([]byte(sample), &authenticator); err != nil {
		return "", err
	}
	return marshal(authenticator)
}

// fromOpenShift returns the configuration that OpenShift makes of the first provider of its own: it translates the
// issuer and the prefix of names, and passes on the rest.
func fromOpenShift(sample string) (string, error) {
	var object struct {
		Spec struct {
			OIDCProviders []struct {
				Issuer struct {
					IssuerURL string   `json:"issuerURL"`
					Audiences []string `json:"audiences"`
				} `json:"issuer"`
				ClaimMappings map[string]any `json:"claimMappings"`
			} `json:"oidcProviders"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(sample), &object); err != nil {
		return "", err
	}
	provider := object.Spec.OIDCProviders[0]
	username := provider.ClaimMappings["username"].(map[string]any)
	delete(username, "prefixPolicy")
	username["prefix"] = username["prefix"].(map[string]any)["prefixString"]
	return marshal(map[string]any{
		"issuer": map[string]any{
			"url": provider.Issuer.IssuerURL, "audiences": provider.Issuer.Audiences, "audienceMatchPolicy": "MatchAny",
		},
		"claimMappings": provider.ClaimMappings,
	})
}

func marshal(authenticator map[string]any) (string, error) {
	text, err := yaml.Marshal([]any{authenticator})
	return head + string(text), err
}
