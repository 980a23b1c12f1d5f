// Package binaries provides the servers and tools that the tests and the demo run, each of them only for
// whoever asks for it.
//
// A server is built from a module of its own below test/servers, whose go.mod is the one place that names
// its version. What was built is kept in a cache outside the clone. KUBEBUILDER_ASSETS, or what
// setup-envtest could download, takes the place of the servers that envtest provides.
package binaries
