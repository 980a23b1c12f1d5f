package forgery

import (
	"testing"

	"github.com/beevik/etree"

	"github.com/runai-mpi/runai-mpi/test/internal/saml"
)

// A tampering changes a signed response on its way. The forged assertion is a copy of the signed one, without a signature
// and with another UID.
type tampering struct {
	name   string
	change func(response, assertion, forged *etree.Element)
	// Without a signature of the response itself, it ends here. The job that runs is always that of the signed assertion.
	where, reason string
}

var tamperings = []tampering{
	{"no signature", func(_, assertion, _ *etree.Element) { unsign(assertion) }, theBridge, "signature element not present"},
	{"another uid", func(_, assertion, _ *etree.Element) {
		uidOf(assertion).SetText("1001")
	}, theBridge, "cannot validate signature on Assertion"},
	{"another uid, and no signature", func(_, assertion, _ *etree.Element) {
		unsign(assertion)
		uidOf(assertion).SetText("1001")
	}, theBridge, "signature element not present"},
	{"a second one first", func(response, assertion, forged *etree.Element) {
		response.InsertChildAt(assertion.Index(), forged)
	}, theBridge, "exactly one Assertion"},
	{"a second one last", func(response, _, forged *etree.Element) { response.AddChild(forged) }, theBridge, "exactly one Assertion"},
	{"a second one inside", func(_, assertion, forged *etree.Element) {
		assertion.AddChild(forged)
	}, theBridge, "cannot validate signature on Assertion"},
	{"a second one inside the signature", func(_, assertion, forged *etree.Element) {
		assertion.SelectElement("Signature").CreateElement("ds:Object").AddChild(forged)
	}, nowhere, ""},
	{"a second one around", func(response, assertion, forged *etree.Element) {
		forged.AddChild(assertion)
		response.AddChild(forged)
	}, theBridge, "signature element not present"},
	{"a second one around, with the signature", func(response, assertion, forged *etree.Element) {
		signature := assertion.SelectElement("Signature").Copy()
		forged.InsertChildAt(1, signature)
		signature.CreateElement("ds:Object").AddChild(assertion)
		response.AddChild(forged)
	}, theBridge, "cannot validate signature on Assertion"},
	{"a second one in place, and the signed one in an extension", func(response, assertion, forged *etree.Element) {
		response.CreateElement("samlp:Extensions").AddChild(assertion)
		response.AddChild(forged)
	}, theBridge, "signature element not present"},
	{"a second one in place, with the signature", func(response, assertion, forged *etree.Element) {
		forged.InsertChildAt(1, assertion.SelectElement("Signature").Copy())
		response.RemoveChild(assertion)
		response.AddChild(forged)
	}, theBridge, "cannot validate signature on Assertion"},
	{"another UID before it", func(_, assertion, _ *etree.Element) {
		attributes := assertion.SelectElement("AttributeStatement")
		other := attributes.FindElement("Attribute[@Name='GID']").Copy()
		other.CreateAttr("Name", saml.UID)
		attributes.InsertChildAt(0, other)
	}, theBridge, "cannot validate signature on Assertion"},
	// The canonical form, which is signed, has no comments. The value is still the whole text.
	{"a comment inside the uid", func(_, assertion, _ *etree.Element) { split(uidOf(assertion), etree.NewComment("")) }, nowhere, ""},
	{"a comment inside the name", func(_, assertion, _ *etree.Element) {
		split(assertion.FindElement("Subject/NameID"), etree.NewComment("x"))
	}, nowhere, ""},
	{"an instruction inside the uid", func(_, assertion, _ *etree.Element) {
		split(uidOf(assertion), etree.NewProcInst("x", "y"))
	}, theBridge, "cannot validate signature on Assertion"},
	{"an element inside the uid", func(_, assertion, _ *etree.Element) {
		split(uidOf(assertion), etree.NewElement("x"))
	}, theBridge, "cannot validate signature on Assertion"},
	{"CDATA as the uid", func(_, assertion, _ *etree.Element) {
		uid := uidOf(assertion)
		uid.SetCData(uid.Text())
	}, nowhere, ""},
}

// Whatever is in a response besides the signed assertion counts for nothing. The response and the assertion are signed:
// whoever changes one of them keeps the signature of the response, or removes it.
func TestT19ChangedResponses(t *testing.T) {
	namespace := product.AddProject(t, "changed", required)
	for _, test := range tamperings {
		ends(t, test.name, namespace, tamper(t, test, false), test.where, test.reason)
		if test.where == theBridge {
			ends(t, test.name+", with the response's signature", namespace, tamper(t, test, true),
				theBridge, "cannot validate signature on Response")
		}
	}
}

func tamper(t *testing.T, test tampering, withSignature bool) []byte {
	t.Helper()
	document := etree.NewDocument()
	if err := document.ReadFromBytes(respond(t, grace)); err != nil {
		t.Fatal(err)
	}
	assertion := document.Root().SelectElement("Assertion")
	forged := assertion.Copy()
	unsign(forged)
	uidOf(forged).SetText("1001")
	if !withSignature {
		unsign(document.Root())
	}
	test.change(document.Root(), assertion, forged)
	changed, err := document.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// split puts something into the middle of the text of an element.
func split(element *etree.Element, between etree.Token) {
	text := element.Text()
	element.SetText(text[:2])
	element.AddChild(between)
	element.AddChild(etree.NewText(text[2:]))
}

func unsign(element *etree.Element) {
	element.RemoveChild(element.SelectElement("Signature"))
}

func uidOf(assertion *etree.Element) *etree.Element {
	return assertion.FindElement("AttributeStatement/Attribute[@Name='UID']/AttributeValue")
}
