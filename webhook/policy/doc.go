// Package policy is the core of the webhook: pure functions that make an MPIJob comply with the cluster
// policy and with its project. Nothing here uses a network, a file or a clock.
//
// A policy is idempotent. It appends to lists and never inserts, and it does not change what it does not
// own.
package policy
