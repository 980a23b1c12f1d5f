package binaries

import "slices"

// A Name is the file name of a binary.
type Name string

// The binaries that tests and the demo run.
const (
	Etcd              Name = "etcd"
	APIServer         Name = "kube-apiserver"
	ControllerManager Name = "kube-controller-manager"
	Scheduler         Name = "kube-scheduler"
	Kubectl           Name = "kubectl"
	MPIOperator       Name = "mpi-operator"
	Helm              Name = "helm"

	Kubelet        Name = "kubelet"
	KubeProxy      Name = "kube-proxy"
	Containerd     Name = "containerd"
	ContainerdShim Name = "containerd-shim-runc-v2"
	Ctr            Name = "ctr"
	CoreDNS        Name = "coredns"
	Kwok           Name = "kwok"
	Kueue          Name = "kueue"
	OperatorTests  Name = "mpi-operator-e2e.test"
	CertManager    Name = "cert-manager"
)

var (
	// Servers are what tests without a node run.
	Servers = []Name{Etcd, APIServer, ControllerManager, Scheduler, Kubectl, MPIOperator, Helm}
	// Node is what a real node runs in addition, and what is useful only where jobs really run: cert-manager, Kueue,
	// and mpi-operator's own e2e tests.
	Node = []Name{Kubelet, KubeProxy, Containerd, ContainerdShim, Ctr, CoreDNS, Kwok, CertManager, Kueue, OperatorTests}
)

// envtestProvides are the binaries in the archive that setup-envtest downloads.
var envtestProvides = []Name{Etcd, APIServer, Kubectl}

// verb returns the command that builds these binaries.
func verb(names []Name) string {
	if slices.ContainsFunc(names, func(name Name) bool { return slices.Contains(Node, name) }) {
		return "make lab-servers"
	}
	return "make servers"
}
