// Package server is the shell of the webhook: AdmissionReview in, patch out. It decodes, looks up in the
// informers' caches what the cluster knows, lets package review decide on these values, and answers.
package server
