// Package admission is the shell of the webhook: AdmissionReview in, patch out. It decodes, looks the
// project up in the informers' cache, lets the policies decide, and answers.
package admission
