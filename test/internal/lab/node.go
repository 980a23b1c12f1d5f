package lab

import (
	"context"
	_ "embed" // the configurations
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

const (
	// NodeName is the name of the real node.
	NodeName = "lab"
	// NodeType is the real node's value of the label by which projects select nodes.
	NodeType      = "lab"
	nodeTypeLabel = "run.ai/type"
)

var (
	//go:embed files/kubelet.yaml
	kubeletConfig string
	//go:embed files/Corefile
	corefile string
)

func (l *Lab) startNode(ctx context.Context) error {
	// A stopping API server waits for its clients, so they are stopped first. The network stays, because the
	// API server also connects to itself.
	l.AtStop(l.namespaces.empty)
	runtime, err := containerd(l.namespaces, l.binaries)
	if err != nil {
		return err
	}
	files, err := l.namespaces.writeFiles(map[string]string{
		"kubelet.yaml": kubeletConfig,
		"resolv.conf":  "",
		"Corefile":     strings.Replace(corefile, "KUBECONFIG", l.Kubeconfig(), 1),
	})
	if err != nil {
		return err
	}
	kubelet, err := l.kubelet(files["kubelet.yaml"])
	if err != nil {
		return err
	}
	proxy, err := l.kubeProxy()
	if err != nil {
		return err
	}
	for _, command := range []process.Command{runtime, kubelet, proxy, l.coreDNS(files["Corefile"])} {
		if _, err := l.StartProcess(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) kubelet(config string) (process.Command, error) {
	user, err := l.AddUser("system:node:"+NodeName, "system:nodes")
	if err != nil {
		return process.Command{}, err
	}
	return l.namespaces.enter(process.Command{
		Name: "kubelet",
		Path: l.binaries[binaries.Kubelet],
		Args: []string{
			"--config=" + config,
			"--kubeconfig=" + user.Kubeconfig(),
			"--hostname-override=" + NodeName,
			"--node-ip=" + nodeAddress,
		},
	}), nil
}

func (l *Lab) kubeProxy() (process.Command, error) {
	user, err := l.AddUser("system:kube-proxy")
	if err != nil {
		return process.Command{}, err
	}
	return l.namespaces.enter(process.Command{
		Name: "kube-proxy",
		Path: l.binaries[binaries.KubeProxy],
		Args: []string{
			"--kubeconfig=" + user.Kubeconfig(),
			"--hostname-override=" + NodeName,
			"--proxy-mode=nftables",
			"--masquerade-all", // pods answer each other directly, bypassing the node
			"--conntrack-max-per-core=0",
			"--conntrack-tcp-timeout-established=0",
			"--conntrack-tcp-timeout-close-wait=0",
			"--healthz-bind-address=127.0.0.1:10256",
			"--metrics-bind-address=127.0.0.1:10249",
		},
	}), nil
}

func (l *Lab) coreDNS(config string) process.Command {
	return l.namespaces.enter(process.Command{
		Name:  "coredns",
		Path:  l.binaries[binaries.CoreDNS],
		Args:  []string{"-conf", config},
		Ready: func(ctx context.Context) error { return process.Answers(ctx, "http://"+nodeAddress+":8181/ready") },
	})
}
