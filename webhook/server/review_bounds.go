package server

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// mostOfAUser is the most names and values that the user of an AdmissionReview may have.
	mostOfAUser = 20_000
	// largestUser is the size in bytes of the JSON of the largest user that is read.
	largestUser = 1 << 20
)

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

// hasLongTexts reports whether the texts of an AdmissionReview, without its objects and its user, are longer than a job may
// be, which may have a long name. It builds nothing, and accepts invalid JSON.
func hasLongTexts(review []byte) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(review), asKubernetes)
	for size := 0; size <= largestCreation; {
		if decoder.PeekKind() != '"' {
			if _, err := decoder.ReadToken(); err != nil {
				return false
			}
			continue
		}
		text, err := decoder.ReadValue()
		if err != nil {
			return false
		}
		size += len(text)
		if decoder.StackDepth() == 2 && atName(decoder) && isBoundedByItself(text) {
			if err := decoder.SkipValue(); err != nil {
				return false
			}
		}
	}
	return true
}

// isBoundedByItself reports whether a member of a request, whose quoted name is given, has bounds of its own.
func isBoundedByItself(name []byte) bool {
	switch string(name) {
	case `"object"`, `"oldObject"`, `"userInfo"`:
		return true
	}
	return false
}
