// Package binaries provides the servers and tools that the tests and the demo run. It builds only
// those that are requested.
//
// Each server is built from its own module below test/servers, whose go.mod is the only place that sets its
// version. Builds are kept in a cache outside the clone. The servers that envtest provides are taken from
// KUBEBUILDER_ASSETS if it is set, or downloaded by setup-envtest if possible.
package binaries
