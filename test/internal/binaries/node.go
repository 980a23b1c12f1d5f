package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	kwokModule  = "sigs.k8s.io/kwok"
	kwokCommand = kwokModule + "/cmd/kwok"
	kwokVersion = "v0.8.0"
)

// ErrNodeMissing is what FindNode returns when something was not built yet.
var ErrNodeMissing = errors.New("run make lab-servers")

// A Node holds the absolute path of each binary that a real node runs.
type Node struct {
	Kubelet    string
	KubeProxy  string
	Containerd string
	Shim       string
	Ctr        string
	CoreDNS    string
	Kwok       string
	// Kueue is not of the node, but only of use where jobs really run.
	Kueue string

	// KwokSource is kwok's module: how its nodes and pods behave.
	KwokSource string
	// KueueSource is Kueue's module: its manifests.
	KueueSource string
}

// Paths lists the binaries.
func (n Node) Paths() []string {
	return []string{n.Kubelet, n.KubeProxy, n.Containerd, n.Shim, n.Ctr, n.CoreDNS, n.Kwok, n.Kueue}
}

// FindNode returns what EnsureNode left, quickly, and never builds anything.
func FindNode() (Node, error) {
	list, err := loadNodeCatalog()
	if err != nil {
		return Node{}, err
	}
	if missing := list.missing(); len(missing) > 0 {
		return Node{}, fmt.Errorf("cannot find %s: %w", names(missing), ErrNodeMissing)
	}
	return list.node()
}

// EnsureNode is Ensure for what a node runs: only a machine that can be a node builds it.
func EnsureNode(ctx context.Context, log io.Writer) (Node, error) {
	list, err := loadNodeCatalog()
	if err != nil {
		return Node{}, err
	}
	if err := list.ensure(ctx, log, list.provide); err != nil {
		return Node{}, err
	}
	return list.node()
}

func loadNodeCatalog() (*catalog, error) {
	c, err := emptyCatalog()
	if err != nil {
		return nil, err
	}
	kubernetes, err := c.kubernetesServer()
	if err != nil {
		return nil, err
	}
	containerd, err := c.server("containerd", "github.com/containerd/containerd/v2")
	if err != nil {
		return nil, err
	}
	coredns, err := c.server("coredns", "github.com/coredns/coredns")
	if err != nil {
		return nil, err
	}
	c.binaries = append(c.binaries,
		kubernetes.command("kubelet", "cmd/kubelet", 2*time.Minute),
		kubernetes.command("kube-proxy", "cmd/kube-proxy", time.Minute),
		containerd.command("containerd", "cmd/containerd", 90*time.Second),
		containerd.command("containerd-shim-runc-v2", "cmd/containerd-shim-runc-v2", 10*time.Second),
		containerd.command("ctr", "cmd/ctr", 20*time.Second),
		coredns.command("coredns", "", 3*time.Minute),
	)
	c.addTool(kwokCommand, kwokVersion)
	return c, c.addKueue()
}

func (c *catalog) node() (Node, error) {
	kwokSource, err := moduleDir(c.root, kwokModule+"@"+kwokVersion)
	if err != nil {
		return Node{}, err
	}
	kueueSource, err := c.kueueSource()
	if err != nil {
		return Node{}, err
	}
	return Node{
		Kubelet:    c.find("kubelet").path,
		KubeProxy:  c.find("kube-proxy").path,
		Containerd: c.find("containerd").path,
		Shim:       c.find("containerd-shim-runc-v2").path,
		Ctr:        c.find("ctr").path,
		CoreDNS:    c.find("coredns").path,
		Kwok:       c.find("kwok").path,
		Kueue:      c.find("kueue").path,

		KwokSource:  kwokSource,
		KueueSource: kueueSource,
	}, nil
}
