// Package binaries provides the servers and tools that the tests run: the
// Kubernetes control plane, mpi-operator and helm.
//
// Each server is built from a module of its own under test/servers, whose
// go.mod is the one place that names its version. What was built is kept in a
// cache outside the clone. KUBEBUILDER_ASSETS, or what setup-envtest could
// download, takes the place of the servers that envtest provides.
package binaries
