package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
	"github.com/runai-mpi/runai-mpi/webhook/doctor/cluster"
)

type doctorCommand struct {
	Output         string   `short:"o" default:"table" enum:"table,json" placeholder:"FORMAT" help:"Format of the report: table or json."`
	Policy         string   `placeholder:"FILE" type:"existingfile" help:"File with the cluster policy. Default: the one of the installed webhook."`
	Administrators []string `sep:"none" placeholder:"NAME" help:"User or group that is trusted with everything; can be repeated. NAME* trusts all that begin with NAME. A service account is system:serviceaccount:NAMESPACE:NAME."`
	Backstop       string   `default:"auto" enum:"auto,objects,files" placeholder:"FORM" help:"Form of the backstop: objects, files, or auto, which also creates a pod as a dry run to find out."`
	Configurations string   `default:"admission-runai-mpi" placeholder:"NAME" help:"Name of both webhook configurations."`
	Service        string   `placeholder:"HOST:PORT" help:"Address of the webhook. Default: the one at which the API server calls it."`
	Kubeconfig     string   `placeholder:"FILE" type:"existingfile" help:"File with the kubeconfig. Default: the one that kubectl uses, or the pod's service account."`
}

// Validate is called by kong.
func (d *doctorCommand) Validate() error { return hasPort("--service", d.Service) }

// A foundError says how many findings a printed report has.
type foundError int

func (f foundError) Error() string { return fmt.Sprintf("%d findings", int(f)) }

// Run prints the report. Its error is a foundError if something was found.
func (d *doctorCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return d.run(ctx, os.Stdout)
}

func (d *doctorCommand) run(ctx context.Context, out io.Writer) error {
	connection, err := kubectlConfig(d.Kubeconfig, "")
	if err != nil {
		return err
	}
	_, isPod := os.LookupEnv("KUBERNETES_SERVICE_HOST")
	options := cluster.Options{
		Administrators: d.Administrators, Configurations: d.Configurations, Service: d.Service,
		Backstop: cluster.Backstop(d.Backstop), Outside: !isPod,
	}
	if d.Policy != "" {
		if options.Policy, err = config.Load(d.Policy); err != nil {
			return err
		}
		options.PolicyFile = d.Policy
	}
	snapshot, err := cluster.Read(ctx, connection, options)
	if err != nil {
		return err
	}
	report := doctor.Examine(snapshot)
	if d.Output == "json" {
		err = report.WriteJSON(out)
	} else {
		report.WriteTable(terminal.NewWriter(out))
	}
	if err == nil && len(report.Findings) > 0 {
		return foundError(len(report.Findings))
	}
	return err
}
