package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"

	"k8s.io/apimachinery/pkg/types"
)

// cutTable drops everything that a pod sends or gets, but not what it sends to itself.
const cutTable = `table inet cut {
	chain input { type filter hook input priority 0; iifname != "lo" drop; }
	chain output { type filter hook output priority 0; oifname != "lo" drop; }
}`

// CutNetwork cuts the network of a pod, which has a process that runs a program, until the returned function is called,
// also for processes that start in the pod meanwhile.
func (*Lab) CutNetwork(ctx context.Context, pod types.UID, program string) (restore func(context.Context) error, err error) {
	pid, err := processIn(pod, program)
	if err != nil {
		return nil, err
	}
	network, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid)) // the process may be killed
	if err != nil {
		return nil, fmt.Errorf("cannot find the network of a pod: %w", err)
	}
	nft := []string{"nsenter", fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), network.Fd()), "nft"}
	if err := run(ctx, append(nft, cutTable)...); err != nil {
		return nil, fmt.Errorf("cannot cut the network of a pod: %w", errors.Join(err, network.Close()))
	}
	return func(ctx context.Context) error {
		return errors.Join(run(ctx, append(nft, "delete table inet cut")...), network.Close())
	}, nil
}

// Leads reports whether new connections to a Service can be led to a port of a pod. kube-proxy is the last to learn that
// a pod is gone.
func (l *Lab) Leads(ctx context.Context, ip string, port int) (bool, error) {
	args := append(l.namespaces.enterArgs("nft"), "list", "table", "ip", "kube-proxy")
	rules, err := exec.CommandContext(ctx, "nsenter", args...).Output()
	if err != nil {
		return false, fmt.Errorf("cannot read the rules of kube-proxy: %w", err)
	}
	// One endpoint is "dnat to IP:PORT", and several are "dnat … map { 0 : IP . PORT, 1 : IP . PORT }".
	return regexp.MustCompile(fmt.Sprintf(`dnat .*\b%s( \. |:)%d\b`, regexp.QuoteMeta(ip), port)).Match(rules), nil
}
