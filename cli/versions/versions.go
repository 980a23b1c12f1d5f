// Package versions is the command runai version.
package versions

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/semver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
	"github.com/runai-mpi/runai-mpi/cli/probe"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/table"
)

// Command is runai version.
type Command struct {
	Client bool          `help:"Print only the version of runai, without contacting the cluster."`
	Output output.Format `short:"o" formats:"yaml,json" placeholder:"FORMAT" help:"Print the versions as yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o jsonpath={.webhookVersion}"`
}

// Help says where the versions come from.
func (*Command) Help() string {
	return `Nothing is created: to find the webhook's version, runai submits a job as a dry run. If runai and the webhook do not match, a warning says what to upgrade. Releases that differ only in the last number, such as 1.2.0 and 1.2.3, work together.

Examples:

    runai version
    runai version --client
    runai version -p team-a -o yaml`
}

// answers are the versions that are known, "" for the others.
type answers struct{ client, webhook, server string }

// Run prints the versions that it finds, and why others are missing.
func (c *Command) Run(ctx context.Context, run *invocation.Invocation) error {
	found := answers{client: run.Version}
	var missing error
	if !c.Client {
		missing = found.ask(ctx, run)
	}
	var mistakes invocation.Mistakes
	if errors.As(missing, &mistakes) {
		return missing
	}
	if err := c.print(run, found); err != nil {
		return err
	}
	if advice := found.advice(); advice != "" {
		run.Warn(advice)
	}
	return missing
}

// ask asks the API server for its version, and then the webhook. Nothing is repeated: somebody who asks for versions
// may want to know what is down.
func (a *answers) ask(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	ctx = kube.Once(ctx)
	defer run.Waiting("waiting for the API server and the webhook")()
	if a.server, err = client.ServerVersion(ctx); err != nil {
		return invocation.Failure{"cannot show the versions of the cluster: " + client.Explain(err)}
	}
	scope := run.Scope(client)
	asksForNothing := map[string]string{annotations.LargeShmKey: "false"} // but no job with an annotation is stored as it is
	job, err := probe.Ask(ctx, client, &scope, "version", asksForNothing)
	if err != nil {
		return invocation.Failure{"cannot show the version of the webhook: " + client.Explain(err)}
	}
	a.webhook = annotations.ParseApplied(job.GetAnnotations()[annotations.AppliedPoliciesKey], annotations.Written{}).Version
	if a.webhook == "" {
		return invocation.Failure{"cannot show the version of the webhook: " + scope.Unhandled("")}
	}
	return nil
}

func (c *Command) print(run *invocation.Invocation, found answers) error {
	rows, object := [][]string(nil), map[string]any{"kind": "Versions"}
	for _, one := range []struct{ title, key, version string }{
		{"Client:", "clientVersion", found.client}, {"Webhook:", "webhookVersion", found.webhook}, {"API server:", "serverVersion", found.server},
	} {
		if one.version != "" {
			rows = append(rows, []string{one.title, one.version})
			object[one.key] = one.version
		}
	}
	if c.Output.IsTable() {
		return table.Write(run.Stdout, rows)
	}
	return output.Print(run, c.Output, &unstructured.Unstructured{Object: object})
}

// advice returns who must upgrade what, "" if client and webhook are of one release or one of them is not known.
func (a answers) advice() string {
	differ := fmt.Sprintf("runai is %s and the webhook is %s: ", a.client, a.webhook)
	client, webhook := semver.MajorMinor(withV(a.client)), semver.MajorMinor(withV(a.webhook))
	switch {
	case a.webhook == "" || a.client == a.webhook:
		return ""
	case client == "" || webhook == "":
		return differ + "one of them is not a release, so they may not work together"
	case semver.Compare(client, webhook) < 0:
		return differ + "upgrade runai to the webhook's release"
	case semver.Compare(client, webhook) > 0:
		return differ + "ask your administrator to upgrade the chart runai-mpi, or use the webhook's release of runai"
	}
	return ""
}

// withV returns a version as it is tagged.
func withV(version string) string {
	if version != "" && version[0] >= '0' && version[0] <= '9' {
		return "v" + version
	}
	return version
}
