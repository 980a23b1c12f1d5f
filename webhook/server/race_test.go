//go:build race

package server

// raceFactor is how much more the race detector allocates: it drops what is pooled, such as the state of regular
// expressions.
const raceFactor = 10
