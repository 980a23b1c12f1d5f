package server

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// mostOfARequest is the most names and values in an AdmissionReview outside of its objects. Of those, users and
// their groups are the most.
const mostOfARequest = 20_000

// sprawls reports whether an AdmissionReview has too many names and values outside of its objects, which are
// bounded by themselves. Decoded, it would take many times the memory of its JSON. It builds nothing, and accepts
// invalid JSON, for which the decoder has the error.
func sprawls(review []byte) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(review), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for tokens := 0; ; tokens++ {
		// rule T38 in webhook/server TestSprawlingReviews: a million groups, from somebody who is not the API server
		if tokens > mostOfARequest {
			return true
		}
		token, err := decoder.ReadToken()
		if err != nil {
			return false
		}
		if decoder.StackDepth() == 2 && token.Kind() == '"' && atName(decoder) && isObjectOfARequest(token.String()) {
			if _, err := decoder.ReadValue(); err != nil {
				return false
			}
		}
	}
}

func isObjectOfARequest(name string) bool { return name == "object" || name == "oldObject" }
