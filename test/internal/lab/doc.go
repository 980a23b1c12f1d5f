// Package lab runs a real Kubernetes node on this machine, below the control plane of package env:
// containerd, kubelet, kube-proxy, CNI and CoreDNS run real pods, from images that are built here, and kwok
// simulates nodes with GPUs.
//
// The node has its own process, mount and network namespaces. Whatever it mounts, configures or runs there
// disappears with the first process of the namespaces, which ends when this program ends. What could stay on a
// machine is listed in a record (see sweep.go), and the next lab removes it.
package lab
