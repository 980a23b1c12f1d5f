package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

// startTimeout bounds the start of everything together.
const startTimeout = 3 * time.Minute

// A Lab is a control plane with a real node. Only one lab can run on a machine at a time.
type Lab struct {
	*env.Env
	// Clients is the administrator's clientset.
	Clients kubernetes.Interface
	// RegistryAddress is where images are pushed to the registry that the node calls Registry, as host:port.
	RegistryAddress string

	options    Options
	binaries   binaries.Set
	dir        string
	record     *record
	namespaces *namespaces
	undo       []func() error
}

// Start waits until no other lab runs, and returns when all nodes are ready. If it fails,
// nothing is left behind.
func Start(ctx context.Context, options Options) (*Lab, error) {
	turn, err := Take(ctx)
	if err != nil {
		return nil, err
	}
	l, err := turn.Start(ctx, options)
	if err != nil {
		turn.Release()
		return nil, err
	}
	l.undo = append([]func() error{func() error { turn.Release(); return nil }}, l.undo...)
	return l, nil
}

// Start starts the lab of this turn.
func (*Turn) Start(ctx context.Context, options Options) (*Lab, error) {
	set, err := binaries.Find(append(slices.Clone(binaries.Node), binaries.Kubectl)...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	l := &Lab{options: options, binaries: set, record: &record{Pid: os.Getpid(), Detached: options.Detached}}
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start the lab: %w", err), l.Stop())
	}
	return l, nil
}

func (l *Lab) start(ctx context.Context) error {
	// From here on, there may be something to remove.
	l.atStop(func() error { return sweep(context.WithoutCancel(ctx)) })
	for _, step := range []func(context.Context) error{
		l.makeFolder, l.startNamespaces, l.startRegistry, l.startControlPlane, l.startNode, l.addGPUNodes, l.waitForNodes,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	l.record.Kubeconfig, l.record.Kubectl = l.Kubeconfig(), l.binaries[binaries.Kubectl]
	return l.record.write()
}

// Stop stops everything in reverse order, and leaves the machine as it was.
func (l *Lab) Stop() error {
	var errs []error
	for _, undo := range slices.Backward(l.undo) {
		errs = append(errs, undo())
	}
	l.undo = nil
	return errors.Join(errs...)
}

func (l *Lab) atStop(undo func() error) { l.undo = append(l.undo, undo) }

func (l *Lab) makeFolder(context.Context) (err error) {
	if l.dir, err = os.MkdirTemp("", "runai-mpi-lab-"); err != nil {
		return fmt.Errorf("cannot make a folder for the lab: %w", err)
	}
	return l.record.addFolder(l.dir)
}

func (l *Lab) startNamespaces(ctx context.Context) error {
	images, err := newStore(l.binaries)
	if err != nil {
		return err
	}
	root, err := images.copy(ctx)
	if err != nil {
		return err
	}
	if err := l.record.addFolder(root); err != nil {
		return err
	}
	if l.namespaces, err = newNamespaces(ctx, filepath.Join(l.dir, "node"), root); err != nil {
		return err
	}
	l.atStop(l.namespaces.stop)
	l.record.NodePid = l.namespaces.pid
	if err := makeCgroups(); err != nil {
		return err
	}
	return connect(ctx, l.namespaces.pid)
}

func (l *Lab) startControlPlane(ctx context.Context) (err error) {
	if l.Env, err = env.Start(ctx, l.options.forNode(l.dir)); err != nil {
		return err
	}
	l.atStop(l.Env.Stop)
	if l.Clients, err = kubernetes.NewForConfig(l.Config); err != nil {
		return fmt.Errorf("cannot make a client: %w", err)
	}
	return nil
}
