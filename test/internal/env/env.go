package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// An Env is a running control plane. Its User is the administrator.
type Env struct {
	*User

	// Dir holds all files of the environment until Stop.
	Dir string

	options         Options
	binaries        binaries.Set
	controlPlane    *envtest.Environment
	operatorProcess *process.Process // nil if it does not run
	clients         kubernetes.Interface
	atStop          []func() error
}

// Start starts a control plane. If it fails, nothing is left behind.
func Start(ctx context.Context, options Options) (*Env, error) {
	log.SetLogger(logr.Discard()) // without a logger, controller-runtime prints a long warning
	set, err := binaries.Find(options.Binaries()...)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(options.Dir, "runai-mpi-env-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the environment: %w", err)
	}
	e := &Env{Dir: dir, options: options, binaries: set}
	if err := e.start(ctx); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

func (e *Env) start(ctx context.Context) error {
	if err := e.makeFolders(); err != nil {
		return err
	}
	if err := e.startControlPlane(); err != nil {
		return err
	}
	return e.startControllers(ctx)
}

// Stop stops everything in reverse order, and removes its files.
func (e *Env) Stop() error {
	var errs []error
	for _, undo := range slices.Backward(e.atStop) {
		errs = append(errs, undo())
	}
	e.atStop = nil
	errs = append(errs, e.stopControlPlane(), os.RemoveAll(e.Dir))
	return errors.Join(errs...)
}

// AtStop lets Stop call undo, before it stops what was started earlier.
func (e *Env) AtStop(undo func() error) { e.atStop = append(e.atStop, undo) }

func (e *Env) makeFolders() error {
	for _, dir := range []string{e.path("etcd"), e.certDir(), e.path("leashes"), e.logDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("cannot make a folder for the environment: %w", err)
		}
	}
	return nil
}

func (e *Env) path(name string) string { return filepath.Join(e.Dir, name) }

func (e *Env) logDir() string {
	if e.options.LogDir != "" {
		return e.options.LogDir
	}
	return e.path("logs")
}

// LogFile returns the path of the log file of the child with this name.
func (e *Env) LogFile(name string) string { return filepath.Join(e.logDir(), name+".log") }
