package binaries

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/semver"
)

// A binary is one executable, where it is kept and how it is made.
type binary struct {
	name    string
	version string
	path    string
	usually time.Duration // on two cores, with nothing compiled before
	build   func(context.Context) error
}

type catalog struct {
	root       string
	cache      string
	kubernetes string // version
	binaries   []*binary
}

// envtestProvides are the binaries of the archive that setup-envtest downloads.
var envtestProvides = []string{"etcd", "kube-apiserver", "kubectl"}

func emptyCatalog() (*catalog, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return nil, err
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	return &catalog{root: root, cache: cache}, nil
}

func loadCatalog() (*catalog, error) {
	c, err := emptyCatalog()
	if err != nil {
		return nil, err
	}
	if err := c.addServers(); err != nil {
		return nil, err
	}
	c.addTool(helmCommand, helmVersion)
	c.preferEnvtest()
	return c, nil
}

func (c *catalog) addServers() error {
	etcd, err := c.server("etcd", "go.etcd.io/etcd/server/v3")
	if err != nil {
		return err
	}
	kubernetes, err := c.kubernetesServer()
	if err != nil {
		return err
	}
	operator, err := c.server("mpi-operator", mpiOperatorModule)
	if err != nil {
		return err
	}
	c.kubernetes = kubernetes.version
	operator.patch = &mpiOperatorPatch
	c.binaries = append(c.binaries,
		etcd.command("etcd", "", 2*time.Minute),
		kubernetes.command("kube-apiserver", "cmd/kube-apiserver", 8*time.Minute),
		kubernetes.command("kube-controller-manager", "cmd/kube-controller-manager", 2*time.Minute),
		kubernetes.command("kube-scheduler", "cmd/kube-scheduler", time.Minute),
		kubernetes.command("kubectl", "cmd/kubectl", time.Minute),
		operator.command("mpi-operator", "cmd/mpi-operator", 3*time.Minute),
	)
	return nil
}

func (c *catalog) kubernetesServer() (*server, error) {
	kubernetes, err := c.server("kubernetes", "k8s.io/kubernetes")
	if err != nil {
		return nil, err
	}
	kubernetes.ldflags = kubernetesVersionFlags(kubernetes.version)
	return kubernetes, nil
}

// kubernetesVersionFlags says at link time what a release build would say: unset, the version is v0.0.0.
func kubernetesVersionFlags(version string) string {
	const prefix = " -X k8s.io/component-base/version."
	major, minor := majorMinor(version)
	return prefix + "gitVersion=" + version + prefix + "gitMajor=" + major + prefix + "gitMinor=" + minor
}

func (c *catalog) missing() []*binary {
	var list []*binary
	for _, b := range c.binaries {
		if !isFile(b.path) {
			list = append(list, b)
		}
	}
	return list
}

func (c *catalog) find(name string) *binary {
	for _, b := range c.binaries {
		if b.name == name {
			return b
		}
	}
	panic("no binary is called " + name)
}

func (c *catalog) set() (Set, error) {
	source, err := moduleDir(filepath.Join(c.root, serversDir, "mpi-operator"), mpiOperatorModule)
	if err != nil {
		return Set{}, err
	}
	return Set{
		Etcd:              c.find("etcd").path,
		APIServer:         c.find("kube-apiserver").path,
		ControllerManager: c.find("kube-controller-manager").path,
		Scheduler:         c.find("kube-scheduler").path,
		Kubectl:           c.find("kubectl").path,
		MPIOperator:       c.find("mpi-operator").path,
		Helm:              c.find("helm").path,
		MPIOperatorSource: source,
	}, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func majorMinor(version string) (major, minor string) {
	major = semver.Major(version)
	return major[1:], semver.MajorMinor(version)[len(major)+1:]
}
