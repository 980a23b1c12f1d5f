package saml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	crewjam "github.com/crewjam/saml"

	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
)

// A Bridge makes ID tokens of the assertions of one identity provider: it is a service provider to the one, and an
// issuer to API servers. It is for one test at a time.
type Bridge struct {
	issuer *issuer.Issuer
	sp     *crewjam.ServiceProvider
	// requests are the IDs of the requests that it has sent.
	requests []string
}

// NewBridge returns a bridge that trusts an identity provider. The tokens are the issuer's.
func NewBridge(tokens *issuer.Issuer, provider *Provider) (*Bridge, error) {
	name, err := url.Parse(tokens.URL)
	if err != nil {
		return nil, fmt.Errorf("cannot read the bridge's name: %w", err)
	}
	b := &Bridge{issuer: tokens, sp: &crewjam.ServiceProvider{
		MetadataURL: *name.JoinPath("saml"), AcsURL: *name.JoinPath("saml", "acs"), AuthnNameIDFormat: crewjam.PersistentNameIDFormat,
		IDPMetadata: provider.idp.Metadata(), RejectUnknownConditions: true,
		ReplayCache: assertions{},
	}}
	b.Introduce(provider)
	return b, nil
}

// Introduce lets an identity provider answer the bridge, which does not trust it for that.
func (b *Bridge) Introduce(provider *Provider) {
	provider.services[b.sp.MetadataURL.String()] = b.sp.Metadata()
}

// assertions are the IDs of those that were used, for as long as the bridge lives.
type assertions map[string]bool

// Consume returns an error for an assertion that was used before.
func (a assertions) Consume(id string, _ time.Time) error {
	if a[id] {
		return crewjam.ErrAssertionReplayed
	}
	a[id] = true
	return nil
}

// Request returns where the identity provider is asked who somebody is: the redirection of a browser.
func (b *Bridge) Request() (*url.URL, error) {
	at := b.sp.GetSSOBindingLocation(crewjam.HTTPRedirectBinding)
	request, err := b.sp.MakeAuthenticationRequest(at, crewjam.HTTPRedirectBinding, crewjam.HTTPPostBinding)
	if err != nil {
		return nil, fmt.Errorf("cannot make the request: %w", err)
	}
	b.requests = append(b.requests, request.ID)
	return request.Redirect("", b.sp)
}

// Token returns the token for the person in a response of the identity provider, or an error that says why the response
// or what it says of the person is refused.
func (b *Bridge) Token(response []byte) (string, error) {
	assertion, err := b.parse(response)
	if err != nil {
		return "", err
	}
	claims, err := claimsOf(assertion)
	if err != nil {
		return "", err
	}
	return b.issuer.Token(claims)
}

// parse takes a response as a browser posts it. Everything that a response must be, the library checks.
func (b *Bridge) parse(response []byte) (*crewjam.Assertion, error) {
	form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(response)}}
	post, err := http.NewRequest(http.MethodPost, b.sp.AcsURL.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("cannot post the response: %w", err)
	}
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := post.ParseForm(); err != nil {
		return nil, fmt.Errorf("cannot read the response: %w", err)
	}
	assertion, err := b.sp.ParseResponse(post, b.requests)
	var invalid *crewjam.InvalidResponseError
	if errors.As(err, &invalid) {
		return nil, fmt.Errorf("invalid response: %w", invalid.PrivateErr)
	}
	return assertion, err
}

// claimsOf returns the claims for the token. An attribute is there once, or not at all; a UID and a GID have one value.
// What the values are, the API server and the webhook judge: most brokers don't.
func claimsOf(assertion *crewjam.Assertion) (map[string]any, error) {
	name := assertion.Subject.NameID.Value
	claims := map[string]any{"sub": name, "preferred_username": name, "jti": assertion.ID}
	attributes, err := attributesOf(assertion)
	if err != nil {
		return nil, err
	}
	for attribute, claim := range map[string]string{UID: "posix_uid", GID: "posix_gid"} {
		switch values := attributes[attribute]; len(values) {
		case 0:
		case 1:
			claims[claim] = claimOf(values[0])
		default:
			return nil, fmt.Errorf("attribute %s has %d values, expected 1", attribute, len(values))
		}
	}
	if groups := attributes[Groups]; len(groups) > 0 {
		all := make([]any, 0, len(groups))
		for _, group := range groups {
			all = append(all, claimOf(group))
		}
		claims["posix_groups"] = all
	}
	return claims, nil
}

func attributesOf(assertion *crewjam.Assertion) (map[string][]string, error) {
	attributes := map[string][]string{}
	for _, statement := range assertion.AttributeStatements {
		for _, attribute := range statement.Attributes {
			if _, again := attributes[attribute.Name]; again {
				return nil, fmt.Errorf("attribute %s is there twice", attribute.Name)
			}
			attributes[attribute.Name] = []string{}
			for _, value := range attribute.Values {
				attributes[attribute.Name] = append(attributes[attribute.Name], value.Value)
			}
		}
	}
	return attributes, nil
}

// claimOf returns a number if the text is how a number is written, and the text otherwise.
func claimOf(text string) any {
	if number, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(number, 10) == text {
		return number
	}
	return text
}
