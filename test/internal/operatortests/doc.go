// Package operatortests runs mpi-operator's own e2e tests against a lab: it deploys the operator as they expect it,
// gives the namespaces that they create to a project, runs one test at a time, and finds out when its job started.
package operatortests
