package binaries

import (
	"context"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// A binary describes an executable: where it is kept and how it is built.
type binary struct {
	name    Name
	version string
	path    string
	usually time.Duration // on two cores, with nothing compiled before
	build   func(context.Context) error
	source  func() (string, error) // the folder of the module that it is built from

	dependency func(module string) (string, error) // the folder of a module that this one depends on
}

// A catalog has all binaries, including those that the caller does not need.
type catalog struct {
	root       string
	cache      string
	kubernetes string // version
	binaries   []*binary
}

func loadCatalog() (*catalog, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return nil, err
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	c := &catalog{root: root, cache: cache}
	for _, add := range []func() error{c.addKubernetes, c.addEtcd, c.addOperator, c.addNode, c.addCertManager, c.addKueue} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	c.addTool(helmCommand, helmVersion)
	c.addTool(kwokCommand, kwokVersion)
	c.preferEnvtest()
	return c, nil
}

func (c *catalog) addKubernetes() error {
	kubernetes, err := c.server("kubernetes", "k8s.io/kubernetes")
	if err != nil {
		return err
	}
	c.kubernetes = kubernetes.version
	kubernetes.ldflags = kubernetesVersionFlags(kubernetes.version)
	c.binaries = append(c.binaries,
		kubernetes.command(APIServer, "cmd/kube-apiserver", 8*time.Minute),
		kubernetes.command(ControllerManager, "cmd/kube-controller-manager", 2*time.Minute),
		kubernetes.command(Scheduler, "cmd/kube-scheduler", time.Minute),
		kubernetes.command(Kubectl, "cmd/kubectl", time.Minute),
		kubernetes.command(Kubelet, "cmd/kubelet", 2*time.Minute),
		kubernetes.command(KubeProxy, "cmd/kube-proxy", time.Minute),
	)
	return nil
}

func (c *catalog) addEtcd() error {
	etcd, err := c.server("etcd", "go.etcd.io/etcd/server/v3")
	if err != nil {
		return err
	}
	c.binaries = append(c.binaries, etcd.command(Etcd, "", 2*time.Minute))
	return nil
}

func (c *catalog) addNode() error {
	containerd, err := c.server("containerd", "github.com/containerd/containerd/v2")
	if err != nil {
		return err
	}
	coredns, err := c.server("coredns", "github.com/coredns/coredns")
	if err != nil {
		return err
	}
	c.binaries = append(c.binaries,
		containerd.command(Containerd, "cmd/containerd", 90*time.Second),
		containerd.command(ContainerdShim, "cmd/containerd-shim-runc-v2", 10*time.Second),
		containerd.command(Ctr, "cmd/ctr", 20*time.Second),
		coredns.command(CoreDNS, "", 3*time.Minute),
	)
	return nil
}

// kubernetesVersionFlags returns linker flags that set the version as in a release build. Default: v0.0.0.
func kubernetesVersionFlags(version string) string {
	const prefix = " -X k8s.io/component-base/version."
	major, minor := majorMinor(version)
	return prefix + "gitVersion=" + version + prefix + "gitMajor=" + major + prefix + "gitMinor=" + minor
}

func (c *catalog) find(name Name) *binary {
	for _, b := range c.binaries {
		if b.name == name {
			return b
		}
	}
	panic("unknown binary " + name)
}

// missing returns the binaries that are not built yet.
func (c *catalog) missing(names []Name) []*binary {
	var missing []*binary
	for _, name := range names {
		if b := c.find(name); !isFile(b.path) {
			missing = append(missing, b)
		}
	}
	return missing
}

func (c *catalog) set(names []Name) Set {
	set := Set{}
	for _, name := range names {
		set[name] = c.find(name).path
	}
	return set
}

func namesOf(list []*binary) []Name {
	names := make([]Name, 0, len(list))
	for _, b := range list {
		names = append(names, b.name)
	}
	return names
}

func join(names []Name) string {
	var text []string
	for _, name := range names {
		text = append(text, string(name))
	}
	return strings.Join(text, ", ")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func majorMinor(version string) (major, minor string) {
	major = semver.Major(version)
	return major[1:], semver.MajorMinor(version)[len(major)+1:]
}
