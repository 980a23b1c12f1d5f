// Package policy is the core of the webhook: pure functions that make an MPIJob comply with the
// cluster's policy and its project's. Nothing here touches a network, a file or a clock.
//
// A policy ensures something: applied twice it does what it does once, it appends and never inserts,
// and it leaves alone what it does not own.
package policy
