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

// isOverlong reports whether an AdmissionReview is longer without its objects and its user than a job may be, which may
// have a long name. It builds nothing, and accepts invalid JSON.
func isOverlong(review []byte) bool {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(review), asKubernetes)
	isEntered, isBounded := true, false // of the next value
	for size := 0; size <= largestCreation; {
		if kind := decoder.PeekKind(); kind == '}' || kind == '{' && isEntered {
			if _, err := decoder.ReadToken(); err != nil {
				return false
			}
			isEntered = false
			continue
		}
		value, err := decoder.ReadValue()
		if err != nil {
			return false
		}
		if !isBounded {
			size += len(value)
		}
		isEntered = decoder.StackDepth() == 1 && atName(decoder) && string(value) == `"request"`
		isBounded = decoder.StackDepth() == 2 && atName(decoder) && isBoundedByItself(value)
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
