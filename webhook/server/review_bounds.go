package server

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// mostOfAUser is the most names and values that the user of an AdmissionReview may have.
const mostOfAUser = 20_000

// sprawls reports whether the user of an AdmissionReview has too many names and values. Decoded, they would take many
// times the memory of their JSON. It builds nothing, and accepts invalid JSON, for which the decoder has the error.
func sprawls(user []byte) bool {
	if bytes.Count(user, []byte{','}) < mostOfAUser/2 {
		return false // each but the first of an object or a list has a comma before it
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(user), asKubernetes)
	for tokens := 0; ; tokens++ {
		if tokens > mostOfAUser {
			return true
		}
		if _, err := decoder.ReadToken(); err != nil {
			return false
		}
	}
}
