// Command demo shows what the product does: on a real control plane, it installs the product from its chart,
// submits jobs, and shows how they are admitted or refused, and their pods.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

func main() {
	keep := flag.Bool("keep", false, "keep everything running until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "the demo failed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, keep bool) (err error) {
	options := env.Options{ControllerManager: true}
	if _, err := binaries.Ensure(ctx, os.Stderr, options.Binaries()...); err != nil {
		return err
	}
	start := time.Now()
	title("Starting etcd, kube-apiserver, kube-controller-manager and mpi-operator")
	cluster, err := env.Start(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	d, err := installDemo(ctx, cluster)
	if err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		return err
	}
	title("Done in %s", time.Since(start).Round(100*time.Millisecond))
	if !keep {
		say("To try it yourself, run make demo KEEP=1, which keeps everything running.")
		return nil
	}
	say("Everything runs until you press Ctrl-C. In another terminal:\n")
	say("  export KUBECONFIG=%s PATH=%s:$PATH", cluster.Kubeconfig(), filepath.Dir(d.product.Runai))
	say("  runai config project team-a")
	say("  runai submit-mpi hello -i example/train --processes 2")
	say("  runai list -w")
	say("\nJobs stay Pending here, because the demo has no node. On Linux as root, make lab-up INSTALL=1 runs a cluster with one.\n")
	<-ctx.Done()
	return nil
}

// kai are values for a cluster with the KAI scheduler.
var kai = []string{"--set", "policy.scheduling.schedulerName=kai-scheduler", "--set", "policy.gpu.fractions=KAI"}

// installDemo installs the chart and creates two projects.
func installDemo(ctx context.Context, cluster *env.Env) (*demo, error) {
	title("Installing the chart, with a policy for the KAI scheduler")
	programs, err := install.Build(ctx, cluster.Dir)
	if err != nil {
		return nil, err
	}
	objects, err := chart.Render(ctx, kai...)
	if err != nil {
		return nil, err
	}
	product, err := install.Install(ctx, cluster, programs, objects)
	if err != nil {
		return nil, err
	}
	for name, spec := range map[string]v1alpha1.ProjectSpec{
		"team-a": {
			NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}, Interactive: []string{"t4"}},
			Restrictions: v1alpha1.Restrictions{HostNetwork: v1alpha1.Deny},
		},
		"team-b": {NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"a100", "v100"}}},
	} {
		if _, err := product.AddProject(ctx, name, spec); err != nil {
			return nil, err
		}
	}
	d := &demo{product: product}
	return d, d.runai(ctx, "list", "projects")
}
