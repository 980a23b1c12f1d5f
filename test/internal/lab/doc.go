// Package lab runs a real Kubernetes node on this machine, below the control plane of package env:
// containerd, kubelet, kube-proxy, CNI and CoreDNS run real pods, from images that were made here, and
// kwok plays nodes with GPUs.
//
// The node lives in a process, mount and network namespace of its own. Whatever it mounts, configures or
// runs there goes away with the first process of that namespace, which ends when this program ends.
// What could stay on a machine is listed in a record (see sweep.go), which the next lab works off.
package lab
