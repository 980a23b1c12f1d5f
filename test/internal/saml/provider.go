package saml

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	crewjam "github.com/crewjam/saml"
)

// The attributes of an assertion that say who somebody is on a file system. Run:ai documents these names.
const (
	UID    = "UID"
	GID    = "GID"
	Groups = "SUPPLEMENTARYGROUPS"
)

// A Provider is an identity provider, which signs assertions with one key.
type Provider struct {
	idp *crewjam.IdentityProvider
	// services are the service providers that may ask it, by their names.
	services map[string]*crewjam.EntityDescriptor
}

// NewProvider returns an identity provider with a name, which is a URL that nobody calls, and a new key.
func NewProvider(name string) (*Provider, error) {
	key, certificate, err := newKeyPair(name)
	if err != nil {
		return nil, err
	}
	metadata, err := url.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the identity provider's name: %w", err)
	}
	p := &Provider{services: map[string]*crewjam.EntityDescriptor{}}
	p.idp = &crewjam.IdentityProvider{
		Key: key, Certificate: certificate, MetadataURL: *metadata, SSOURL: *metadata.JoinPath("sso"), ServiceProviderProvider: p,
	}
	return p, nil
}

// GetServiceProvider returns the service provider with a name.
func (p *Provider) GetServiceProvider(_ *http.Request, name string) (*crewjam.EntityDescriptor, error) {
	if service, known := p.services[name]; known {
		return service, nil
	}
	return nil, os.ErrNotExist
}

// A Person is who the provider says has logged in.
type Person struct {
	Name       string
	Attributes []crewjam.Attribute
}

// Posix returns the attributes of a person on a file system.
func Posix(uid, gid string, groups ...string) []crewjam.Attribute {
	return []crewjam.Attribute{Attribute(UID, uid), Attribute(GID, gid), Attribute(Groups, groups...)}
}

// Attribute returns an attribute of a person, which has any number of values.
func Attribute(name string, values ...string) crewjam.Attribute {
	attribute := crewjam.Attribute{Name: name, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"}
	for _, value := range values {
		attribute.Values = append(attribute.Values, crewjam.AttributeValue{Type: "xs:string", Value: value})
	}
	return attribute
}

// Answer returns the signed response to a request of a bridge: XML with a signed assertion about the person. The
// changes are made before both are signed.
func (p *Provider) Answer(request *url.URL, person Person, changes ...func(*crewjam.Assertion)) ([]byte, error) {
	get, err := http.NewRequest(http.MethodGet, request.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the identity provider: %w", err)
	}
	asked, err := crewjam.NewIdpAuthnRequest(p.idp, get)
	if err != nil {
		return nil, fmt.Errorf("the identity provider cannot read the request: %w", err)
	}
	if err := asked.Validate(); err != nil {
		return nil, fmt.Errorf("the identity provider refuses the request: %w", err)
	}
	session := &crewjam.Session{
		NameID: person.Name, NameIDFormat: string(crewjam.PersistentNameIDFormat), CreateTime: time.Now(),
		CustomAttributes: person.Attributes,
	}
	if err := (crewjam.DefaultAssertionMaker{}).MakeAssertion(asked, session); err != nil {
		return nil, fmt.Errorf("cannot make the assertion: %w", err)
	}
	for _, change := range changes {
		change(asked.Assertion)
	}
	form, err := asked.PostBinding()
	if err != nil {
		return nil, fmt.Errorf("cannot make the response: %w", err)
	}
	return base64.StdEncoding.DecodeString(form.SAMLResponse)
}
