// Package suite has what the suites share: the product, installed once for all tests in a package, and helpers
// that fail the test where other packages return an error.
package suite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// startTimeout bounds the start of a control plane, and the installation.
const startTimeout = 3 * time.Minute

// releaseTimeout bounds the build of the binaries and the image, and the installation.
const releaseTimeout = 10 * time.Minute

// Options say what a suite runs on. The zero value is a control plane with the chart's default values, and the webhook
// as a process.
type Options struct {
	// ControlPlane says what runs in the control plane.
	ControlPlane env.Options
	// Authentication returns the API server's authentication configuration, if set.
	Authentication func() (string, error)
	// Node adds a real node, and simulated nodes with GPUs. The product is a Release then.
	Node bool
	// Uninstalled leaves the installation to the tests, in a lab without simulated nodes.
	Uninstalled bool
	// HelmArgs change the values of the chart.
	HelmArgs []string
	// ImageVariables are variables of make with which the image is built, on a Node.
	ImageVariables []string
	// ValidatorHelmArgs, if set, start a second replica, whose cluster policy has these values too. It serves
	// the validating webhook, as a replica may during a roll-out.
	ValidatorHelmArgs []string
	// Parallel is how many of the suite's parallel tests run at the same time. Default: one for each core. Jobs mostly
	// wait, so that a suite with a node can run more.
	Parallel int
	// Skip matches the names of tests that do not run. Default: none.
	Skip string
}

// A Product is installed for all tests in a suite. Each test adds its own project.
type Product struct {
	*install.Product
	// Release is nil in a control plane without a node.
	Release *install.Release

	stop func() error
}

// Run installs the product, stores it in *product, runs the tests of a package, stops everything, and returns
// the exit code of the program. If the tests need a node and this machine cannot run one, *product stays nil,
// and the tests skip themselves by lab.Require.
func Run(m *testing.M, product **Product, options Options) (code int) {
	flag.Parse()
	if options.Parallel > 0 {
		if err := flag.Set("test.parallel", strconv.Itoa(options.Parallel)); err != nil {
			panic(err) // testing has no such flag
		}
	}
	if options.Skip != "" {
		if err := flag.Set("test.skip", options.Skip); err != nil {
			panic(err)
		}
	}
	p, err := start(context.Background(), options)
	if errors.Is(err, lab.ErrUnsupported) {
		return m.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	*product = p
	code = m.Run()
	if err := p.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// New installs the product for one test.
func New(t testing.TB, options Options) *Product {
	t.Helper()
	p, err := start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func start(ctx context.Context, options Options) (*Product, error) {
	if options.Authentication != nil {
		var err error
		if options.ControlPlane.Authentication, err = options.Authentication(); err != nil {
			return nil, err
		}
	}
	if options.Node {
		return startLab(ctx, options)
	}
	return startControlPlane(ctx, options)
}

// startLab starts a lab once no other lab runs on this machine, and installs the product as users do.
func startLab(ctx context.Context, options Options) (*Product, error) {
	l, err := lab.Start(ctx, lab.Options{Env: options.ControlPlane, GPUNodes: !options.Uninstalled})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	programs, err := install.Build(ctx, l.Dir)
	if err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	release, err := newRelease(ctx, l, programs, options)
	if err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	return &Product{Product: release.Product, Release: release, stop: l.Stop}, nil
}

func newRelease(ctx context.Context, l *lab.Lab, programs install.Programs, options Options) (*install.Release, error) {
	if options.Uninstalled {
		return install.NewRelease(l, programs, options.HelmArgs)
	}
	return install.ByHelm(ctx, l, programs, options.HelmArgs, options.ImageVariables...)
}

func startControlPlane(ctx context.Context, options Options) (*Product, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	cluster, err := env.Start(ctx, options.ControlPlane)
	if err != nil {
		return nil, err
	}
	product, err := installInto(ctx, cluster, options.HelmArgs)
	if err == nil && len(options.ValidatorHelmArgs) > 0 {
		err = validateElsewhere(ctx, product, slices.Concat(options.HelmArgs, options.ValidatorHelmArgs))
	}
	if err != nil {
		return nil, errors.Join(err, cluster.Stop())
	}
	return &Product{Product: product, stop: cluster.Stop}, nil
}

func validateElsewhere(ctx context.Context, product *install.Product, helmArgs []string) error {
	objects, err := chart.Render(ctx, helmArgs...)
	if err != nil {
		return err
	}
	replica, err := product.StartReplica(ctx, install.ReplicaOptions{Name: "validator", Objects: objects})
	if err != nil {
		return err
	}
	return product.ValidateAt(ctx, replica.Address)
}

func installInto(ctx context.Context, cluster *env.Env, helmArgs []string) (*install.Product, error) {
	programs, err := install.Build(ctx, cluster.Dir)
	if err != nil {
		return nil, err
	}
	objects, err := chart.Render(ctx, helmArgs...)
	if err != nil {
		return nil, err
	}
	return install.Install(ctx, cluster, programs, objects)
}
