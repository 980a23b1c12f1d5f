package server

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	reviewKind    = "AdmissionReview"
	reviewVersion = "admission.k8s.io/v1"
)

// Errors of reviews that take much memory: to read them, or to repeat what they say.
var (
	errSprawls = errors.New("the AdmissionReview has too many names and values")
	errLong    = fmt.Errorf("the AdmissionReview has a namespace or a user of more than %d bytes, or too much else besides the objects", longestText)
)

// asKubernetes are options to read JSON as Kubernetes reads it: names are case-sensitive, and of two members with the same
// name the last one counts.
var asKubernetes = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// reviewOptions read a review as Kubernetes reads it. They do not read the objects, which the handlers do.
var reviewOptions = json.JoinOptions(asKubernetes, json.WithUnmarshalers(
	json.JoinUnmarshalers(json.UnmarshalFromFunc(readObject), json.UnmarshalFromFunc(readUser)),
))

// readObject keeps the JSON of an object without a copy: it is a part of the body.
func readObject(decoder *jsontext.Decoder, object *runtime.RawExtension) error {
	raw, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	if raw.Kind() != 'n' { // null
		object.Raw = raw
	}
	return nil
}

// readUser reads a user, unless that takes much memory. It replaces an earlier one.
func readUser(decoder *jsontext.Decoder, user *authenticationv1.UserInfo) error {
	raw, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	// rule T38 in webhook/server TestLongTexts: groups of a megabyte
	if len(raw) > largestUser {
		return errLong
	}
	// rule T38 in webhook/server TestSprawlingReviews: a million groups, from somebody who is not the API server
	if sprawls(raw) {
		return errSprawls
	}
	*user = authenticationv1.UserInfo{} // the maps of several users would become one
	return json.Unmarshal(raw, user, asKubernetes)
}

// decodeReview returns the request of an AdmissionReview, whose objects are parts of the body. With an error, the uid
// may be known nevertheless.
func decodeReview(body []byte) (admission.Request, error) {
	var request admission.Request
	// rule T38 in webhook/server TestLongTexts: texts of megabytes, which would be copied
	// without: if false {
	if len(body) > smallRequest && isOverlong(body) {
		request.UID = readUID(bytes.NewReader(body))
		return request, unlessForeign(request, errLong)
	}
	// An AdmissionReview without the response, which no API server sends, and which could have a million causes.
	review := struct {
		metav1.TypeMeta `json:",inline"`
		Request         *admissionv1.AdmissionRequest `json:"request,omitempty"`
	}{Request: &request.AdmissionRequest}
	switch err := json.Unmarshal(body, &review, reviewOptions); {
	case errors.Is(err, errSprawls):
		return request, unlessForeign(request, errSprawls)
	case errors.Is(err, errLong):
		return request, unlessForeign(request, errLong)
	case err != nil:
		return request, errors.New(cmp.Or(syntaxProblem(err), "a value has the wrong type"))
	case review.Kind != reviewKind || review.APIVersion != reviewVersion:
		return request, errors.New("it has another kind or apiVersion")
	case review.Request == nil || !hasUID(request):
		return request, errNoUID
	// rule T38 in webhook/server TestSprawlingReviews: a namespace of a megabyte, which answers repeat
	// without: case false:
	case max(len(request.Namespace), len(request.UserInfo.Username)) > longestText:
		return request, errLong
	}
	return request, nil
}

// longestText is the size in bytes of the longest name of a namespace or a user. That of a job or a pod may be longer:
// whoever wrote it gets a better answer.
const longestText = 4 << 10

// longestUID is longer than any uid of an API server, which is a UUID. The answer and the log repeat it.
const longestUID = 64

var errNoUID = errors.New("it has no request with a uid of at most 64 bytes")

// unlessForeign returns why a request is refused, or that it has no uid with which it could be answered.
func unlessForeign(request admission.Request, reason error) error {
	if !hasUID(request) {
		return errNoUID
	}
	return reason
}

func hasUID(request admission.Request) bool {
	return request.UID != "" && len(request.UID) <= longestUID
}
