package kube

import (
	"regexp"
	"strings"
)

// The API server's own sentences, which have no types. TestServerTexts in test/integration holds them.
var (
	deniedBy = regexp.MustCompile(`^admission webhook "[^"]*" denied the request: `)
	cannot   = regexp.MustCompile(`User "([^"]*)" cannot (\w+) resource "([^"]*)".*?(?: in the namespace "([^"]*)")?$`)
	noAnswer = regexp.MustCompile(`failed calling webhook "([^"]*)"`)
)

// withoutWebhook returns a message without the name of the webhook that wrote it.
func withoutWebhook(message string) string { return deniedBy.ReplaceAllString(message, "") }

// silentWebhook returns the name of the webhook that the API server could not call, "" if that is not what happened.
func silentWebhook(message string) string {
	if match := noAnswer.FindStringSubmatch(message); match != nil {
		return match[1]
	}
	return ""
}

// forbiddenBy returns what a user is not allowed to do. It reports whether a role is missing.
func forbiddenBy(message string) (user, verb, resource, namespace string, isRole bool) {
	match := cannot.FindStringSubmatch(message)
	if match == nil {
		return "", "", "", "", false
	}
	return match[1], match[2], match[3], match[4], true
}

// isStreamReset reports whether an error of the client library is that the server ended a stream of HTTP/2. The type is
// another one in each copy of the library.
func isStreamReset(message string) bool { return strings.HasPrefix(message, "stream error: ") }

// isNotReady reports whether a request was refused by an admission plugin that has not read yet what it needs.
func isNotReady(message string) bool {
	return strings.HasSuffix(message, "not yet ready to handle request")
}
