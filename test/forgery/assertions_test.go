package forgery

import (
	"testing"
	"time"

	crewjam "github.com/crewjam/saml"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/saml"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var grace = saml.Person{Name: "grace", Attributes: saml.Posix("1000001", "54001", "60001")}

// The parts of the chain where an attempt can end. The bridge stands for brokers such as Keycloak.
const (
	theBridge    = "the bridge"
	theAPIServer = "the API server"
	theWebhook   = "the webhook"
	nowhere      = "nowhere: the job is stored"
)

// follow sends a response down the chain, as a job of the person in it, and returns where it ends, and why.
func follow(t *testing.T, namespace string, response []byte) (end string, why error) {
	t.Helper()
	token, err := chain.Bridge.Token(response)
	if err != nil {
		return theBridge, err
	}
	user := bearer(t, token)
	if _, err := whoami(t.Context(), user); apierrors.IsUnauthorized(err) {
		return theAPIServer, err
	}
	job := mpijobtest.MakeMPIJob("", namespace).Obj()
	job.GenerateName = "followed-"
	if err := user.Create(t.Context(), job); err != nil {
		return theWebhook, err
	}
	runsAs(t, job, "saml:grace", 1000001, 54001)
	return nowhere, nil
}

// ends asserts where a response ends, and why.
func ends(t *testing.T, name, namespace string, response []byte, where, reason string) {
	t.Helper()
	end, why := follow(t, namespace, response)
	if end != where {
		t.Errorf("%s ends at %s (%v), want %s", name, end, why, where)
		return
	}
	if where != nowhere {
		if err := suite.Refused(why, reason); err != nil {
			t.Errorf("%s: %s", name, err)
		}
	}
}

func respond(t *testing.T, person saml.Person, changes ...func(*crewjam.Assertion)) []byte {
	t.Helper()
	response, err := chain.Respond(person, changes...)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// An assertion says nothing about anybody unless the identity provider signed it for this request and it is valid now.
func TestT19AssertionsOfNobody(t *testing.T) {
	namespace := product.AddProject(t, "t19", required)
	confirmation := func(a *crewjam.Assertion) *crewjam.SubjectConfirmationData {
		return a.Subject.SubjectConfirmations[0].SubjectConfirmationData
	}
	const other = "https://other.example.org"
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	holderOfKey := func(a *crewjam.Assertion) {
		a.Subject.SubjectConfirmations[0].Method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
	}
	for name, test := range map[string]struct {
		change func(*crewjam.Assertion)
		reason string
	}{
		"another audience": {func(a *crewjam.Assertion) {
			a.Conditions.AudienceRestrictions[0].Audience.Value = other
		}, "AudienceRestriction does not contain"},
		"no audience":                 {func(a *crewjam.Assertion) { a.Conditions.AudienceRestrictions = nil }, "no AudienceRestriction"},
		"no conditions":               {func(a *crewjam.Assertion) { a.Conditions = nil }, "no Conditions"},
		"another recipient":           {func(a *crewjam.Assertion) { confirmation(a).Recipient = other }, "Recipient is not"},
		"no recipient":                {func(a *crewjam.Assertion) { confirmation(a).Recipient = "" }, "Recipient is not"},
		"another request":             {func(a *crewjam.Assertion) { confirmation(a).InResponseTo = "id-0" }, "possible request IDs"},
		"no request":                  {func(a *crewjam.Assertion) { confirmation(a).InResponseTo = "" }, "possible request IDs"},
		"another issuer":              {func(a *crewjam.Assertion) { a.Issuer.Value = other }, "issuer is not"},
		"expired":                     {func(a *crewjam.Assertion) { a.Conditions.NotOnOrAfter = past }, "is expired"},
		"a confirmation that expired": {func(a *crewjam.Assertion) { confirmation(a).NotOnOrAfter = past }, "is expired"},
		"a confirmation without end":  {func(a *crewjam.Assertion) { confirmation(a).NotOnOrAfter = time.Time{} }, "is expired"},
		"issued long ago":             {func(a *crewjam.Assertion) { a.IssueInstant = past }, "expired on"},
		"not yet valid":               {func(a *crewjam.Assertion) { a.Conditions.NotBefore = future }, "not yet valid"},
		"issued in the future":        {func(a *crewjam.Assertion) { a.IssueInstant = future }, "in the future"},
		"no login":                    {func(a *crewjam.Assertion) { a.AuthnStatements = nil }, "no AuthnStatement"},
		"no bearer":                   {holderOfKey, "no bearer"},
		"nobody":                      {func(a *crewjam.Assertion) { a.Subject = nil }, "no Subject"},
	} {
		ends(t, name, namespace, respond(t, grace, test.change), theBridge, test.reason)
	}
	ends(t, "valid", namespace, respond(t, grace), nowhere, "")
}

// An assertion is used once.
func TestT19Replay(t *testing.T) {
	namespace := product.AddProject(t, "replay", required)
	response := respond(t, grace)
	ends(t, "the first time", namespace, response, nowhere, "")
	ends(t, "again", namespace, response, theBridge, "already been used")
}

// Another identity provider has the same name, but not the key.
func TestT19AnothersKey(t *testing.T) {
	namespace := product.AddProject(t, "another-key", required)
	forger, err := saml.NewProvider(saml.ProviderName)
	if err != nil {
		t.Fatal(err)
	}
	request, err := chain.Bridge.Request()
	if err != nil {
		t.Fatal(err)
	}
	chain.Bridge.Introduce(forger)
	response, err := forger.Answer(request, grace)
	if err != nil {
		t.Fatal(err)
	}
	ends(t, "another's key", namespace, response, theBridge, "cannot validate signature")
}
