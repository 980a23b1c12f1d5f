package install

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/certmanager"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
)

// Tag is the tag of the image that ByHelm pushes.
const Tag = "lab"

// helmWaits lets helm wait until the webhook is ready.
var helmWaits = []string{"--wait", "--timeout=2m"}

// A Release is the product as users install it: by helm, with the image in a registry, the webhook in pods, and its
// certificates from cert-manager.
type Release struct {
	*Product
	// Lab is where it is installed.
	Lab *lab.Lab
	// Values are the arguments of helm with which it was installed.
	Values []string
}

// NewRelease returns the product for a lab in which nothing of it is installed yet.
func NewRelease(l *lab.Lab, programs Programs, helmArgs []string) (*Release, error) {
	client, err := newClient(l.Config)
	if err != nil {
		return nil, err
	}
	return &Release{Product: &Product{Env: l.Env, Programs: programs, Client: client}, Lab: l, Values: helmArgs}, nil
}

// ByHelm builds the image with variables of make, starts cert-manager, and installs the chart.
func ByHelm(ctx context.Context, l *lab.Lab, programs Programs, helmArgs []string, imageVariables ...string) (*Release, error) {
	r, err := NewRelease(l, programs, append([]string{
		"--set", "image.repository=" + lab.Registry + "/runai-webhook", "--set-string", "image.tag=" + Tag,
		"--set", `nodeSelector.run\.ai/type=` + lab.NodeType, // the simulated nodes do not run it
	}, helmArgs...))
	if err != nil {
		return nil, err
	}
	if err := r.PushImage(ctx, Tag, imageVariables...); err != nil {
		return nil, err
	}
	if _, err := certmanager.Start(ctx, l.Env); err != nil {
		return nil, err
	}
	return r, r.Install(ctx)
}

// PushImage builds the image for this machine as users do, and pushes it to the lab's registry. The arguments are
// variables of make.
func (r *Release) PushImage(ctx context.Context, tag string, variables ...string) error {
	args := append([]string{
		"push", "BIN=" + filepath.Join(r.Dir, "image"), "PLATFORMS=linux/" + runtime.GOARCH,
		"IMAGE=" + r.Lab.RegistryAddress + "/runai-webhook:" + tag,
	}, variables...)
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "make", args...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot push the image: %w: %s", err, output)
	}
	return nil
}

// Install runs helm install, and waits for the webhook.
func (r *Release) Install(ctx context.Context, helmArgs ...string) error {
	return r.helmChart(ctx, "install", slices.Concat([]string{"--create-namespace"}, helmWaits, helmArgs))
}

// Upgrade runs helm upgrade with the values of the installation and more, and waits for the webhook.
func (r *Release) Upgrade(ctx context.Context, helmArgs ...string) error {
	return r.helmChart(ctx, "upgrade", slices.Concat(helmWaits, helmArgs))
}

// UpgradeAtOnce runs helm upgrade without the hooks, and waits for nothing.
func (r *Release) UpgradeAtOnce(ctx context.Context, helmArgs ...string) error {
	return r.helmChart(ctx, "upgrade", append([]string{"--no-hooks"}, helmArgs...))
}

func (r *Release) helmChart(ctx context.Context, verb string, more []string) error {
	dir, err := chart.Directory()
	if err != nil {
		return err
	}
	args := []string{verb, chart.Release, dir, "--namespace", chart.Namespace}
	if _, err = r.Helm(ctx, slices.Concat(args, r.Values, more)...); err != nil {
		return fmt.Errorf("%w\n%s", err, r.events(ctx))
	}
	return nil
}

// events returns what Kubernetes reports about the webhook's pods.
func (r *Release) events(ctx context.Context) string {
	stdout, _, err := r.Kubectl(context.WithoutCancel(ctx), nil, "get", "events", "--namespace", chart.Namespace)
	if err != nil {
		return err.Error()
	}
	return stdout
}

// Helm runs the real helm as the administrator. The error includes what helm printed.
func (r *Release) Helm(ctx context.Context, args ...string) (stdout string, err error) {
	set, err := binaries.Find(binaries.Helm)
	if err != nil {
		return "", err
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, set[binaries.Helm], append(args, "--kubeconfig", r.Kubeconfig())...)
	cmd.Env = append(os.Environ(), "HOME="+r.Dir)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("helm %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}
