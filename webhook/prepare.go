package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/webhook/crds"
)

type prepare struct {
	Policy     string        `placeholder:"FILE" type:"existingfile" help:"File with the cluster policy. Default: the built-in one."`
	Timeout    time.Duration `default:"2m" help:"How long to wait until the API server serves the CRDs."`
	Kubeconfig string        `placeholder:"FILE" type:"existingfile" help:"File with the kubeconfig. Default: the pod's service account."`
}

// Validate is called by kong.
func (p *prepare) Validate() error { return notNegative("--timeout", p.Timeout) }

// Run changes nothing in the cluster if the cluster policy is not valid: a release with it must not be installed.
func (p *prepare) Run() error {
	if _, err := config.Load(p.Policy); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return p.run(ctx, terminal.NewWriter(os.Stdout))
}

func (p *prepare) run(ctx context.Context, report io.Writer) error {
	client, err := clientConfig(p.Kubeconfig)
	if err != nil {
		return err
	}
	fmt.Fprintln(report, "the cluster policy is valid")
	if err := crds.Apply(ctx, client, report); err != nil {
		return err
	}
	if missing := crds.MissingMPIJobs(client); missing != "" {
		fmt.Fprintln(report, "Warning:", missing)
	}
	return nil
}
