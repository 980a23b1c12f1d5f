package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/webhook/check"
)

type checkCommand struct {
	Configurations string        `default:"admission-runai-mpi" placeholder:"NAME" help:"Name of both webhook configurations."`
	Service        string        `placeholder:"HOST:PORT" help:"Address of the webhook. Default: the one at which the API server calls it."`
	Namespace      string        `placeholder:"NAMESPACE" help:"Namespace of a project, in which a job is created as a dry run. Default: none."`
	Wait           time.Duration `default:"0s" help:"How long to repeat the checks while one fails."`
	Kubeconfig     string        `placeholder:"FILE" type:"existingfile" help:"File with the kubeconfig. Default: the pod's service account."`
}

// waitInterval is the time between checks.
const waitInterval = time.Second

// Validate is called by kong.
func (c *checkCommand) Validate() error {
	return cmp.Or(hasPort("--service", c.Service), notNegative("--wait", c.Wait))
}

// Run prints a line for each check. If one has failed, its error says how many.
func (c *checkCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return c.run(ctx, terminal.NewWriter(os.Stdout))
}

func (c *checkCommand) run(ctx context.Context, report io.Writer) error {
	client, err := clientConfig(c.Kubeconfig)
	if err != nil {
		return err
	}
	options := check.Options{Configurations: c.Configurations, Service: c.Service, Namespace: c.Namespace}
	for end := time.Now().Add(c.Wait); ; {
		results, err := check.Run(ctx, client, options)
		failed := failures(results)
		if (err != nil || failed > 0) && time.Now().Before(end) && ctx.Err() == nil {
			time.Sleep(waitInterval)
			continue
		}
		if err != nil {
			return err
		}
		for _, result := range results {
			fmt.Fprintln(report, terminal.Line(result.String()))
		}
		if failed > 0 {
			return fmt.Errorf("%d of %d checks failed", failed, len(results))
		}
		return nil
	}
}

func failures(results []check.Result) (failed int) {
	for _, result := range results {
		if result.Problem != "" {
			failed++
		}
	}
	return failed
}
