// Package server is the shell of the webhook: AdmissionReview in, patch out. It decodes the request, looks
// up what the cluster knows in the informers' caches, and answers as package review decides.
package server
