package saml

import (
	crewjam "github.com/crewjam/saml"

	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
)

// ProviderName is the name of a chain's identity provider.
const ProviderName = "https://saml.example.org/idp"

// A Chain leads from an identity provider to the tokens of an issuer.
type Chain struct {
	Provider *Provider
	Bridge   *Bridge
}

// NewChain starts a chain that ends with an issuer.
func NewChain(tokens *issuer.Issuer) (*Chain, error) {
	provider, err := NewProvider(ProviderName)
	if err != nil {
		return nil, err
	}
	bridge, err := NewBridge(tokens, provider)
	if err != nil {
		return nil, err
	}
	return &Chain{Provider: provider, Bridge: bridge}, nil
}

// Respond returns the provider's response to a new request of the bridge. The changes are made before it is signed.
func (c *Chain) Respond(person Person, changes ...func(*crewjam.Assertion)) ([]byte, error) {
	request, err := c.Bridge.Request()
	if err != nil {
		return nil, err
	}
	return c.Provider.Answer(request, person, changes...)
}

// Login returns a person's token.
func (c *Chain) Login(person Person, changes ...func(*crewjam.Assertion)) (string, error) {
	response, err := c.Respond(person, changes...)
	if err != nil {
		return "", err
	}
	return c.Bridge.Token(response)
}
