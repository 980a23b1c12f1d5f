package lab

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// A pair of virtual interfaces connects this machine with the node. The API server listens on our end, the
// kubelet on the node's end, and the pods are on a bridge behind it.
const (
	hostLink = "runai-mpi-lab"
	nodeLink = "uplink"

	// HostAddress is this machine's address on the lab's network, which pods can reach.
	HostAddress  = "10.213.0.1"
	nodeAddress  = "10.213.0.2"
	linkBits     = "/30"
	podRange     = "10.213.1.0/24"
	serviceRange = "10.213.2.0/24"
	// serviceAddress is the API server's, the first in the range.
	serviceAddress = "10.213.2.1"

	// simulatedPods has the addresses of the pods on simulated nodes. What listens on this machine answers for them.
	simulatedPods = "10.213.128.0/17"
)

// forget makes the node forget after 10 s to which pod it sent a connection that no one answered. By default, it takes the
// kernel 120 s; docs/operations.md says what fails then. The module is already there if the kernel has it built in.
const forget = `modprobe -q nf_conntrack; echo 10 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_syn_sent`

// connect gives the namespaces of process pid their end of the pair. Both ends disappear with the namespaces.
func connect(ctx context.Context, pid int) error {
	steps := []string{
		fmt.Sprintf("ip link add %s type veth peer name %s netns %d", hostLink, nodeLink, pid),
		"ip address add " + HostAddress + linkBits + " dev " + hostLink,
		"ip link set " + hostLink + " up",
		fmt.Sprintf("nsenter --target %d --net ip link set lo up", pid),
		fmt.Sprintf("nsenter --target %d --net ip address add %s dev %s", pid, nodeAddress+linkBits, nodeLink),
		fmt.Sprintf("nsenter --target %d --net ip link set %s up", pid, nodeLink),
		fmt.Sprintf("nsenter --target %d --net ip route add default via %s", pid, HostAddress),
		"ip route add " + podRange + " via " + nodeAddress,
		"ip route add " + serviceRange + " via " + nodeAddress, // where kube-proxy is
		"ip route add local " + simulatedPods + " dev " + hostLink,
	}
	for _, step := range steps {
		if err := run(ctx, strings.Fields(step)...); err != nil {
			return fmt.Errorf("cannot make the lab's network: %w", err)
		}
	}
	if err := run(ctx, "nsenter", "--target", strconv.Itoa(pid), "--net", "sh", "-c", forget); err != nil {
		return fmt.Errorf("cannot set how long the node remembers connections: %w", err)
	}
	return nil
}

// disconnect removes the network if it is still there: the kernel removes it only a moment
// after the namespaces end.
func disconnect(ctx context.Context) error {
	if !exists("/sys/class/net/" + hostLink) {
		return nil
	}
	if err := run(ctx, "ip", "link", "delete", hostLink); err != nil && exists("/sys/class/net/"+hostLink) {
		return fmt.Errorf("cannot remove the lab's network: %w", err)
	}
	return nil
}

func run(ctx context.Context, args ...string) error {
	output, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
