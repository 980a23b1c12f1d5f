// Package env runs a real control plane for tests and demos: etcd,
// kube-apiserver and mpi-operator, and on request kube-controller-manager and
// kube-scheduler. There is no kubelet: pods are created and bound, not run.
//
// Everything listens on loopback and ends with the program that started it.
package env
