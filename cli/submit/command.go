package submit

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/jobs"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/output"
)

// Command is runai submit-mpi.
type Command struct {
	Flags
}

// Help returns what the usage line does not have.
func (*Command) Help() string {
	return "Words after -- are the arguments of the image's entry point: runai submit-mpi [NAME] [flags] [-- ARGS...]"
}

// Run checks all flags, then submits the job or prints it.
func (c *Command) Run(ctx context.Context, run *invocation.Invocation) error {
	request, warnings, mistakes := c.Check(run)
	for _, warning := range warnings {
		run.Warn(warning)
	}
	if len(mistakes) > 0 {
		return invocation.Mistakes(mistakes)
	}
	if c.DryRun == invocation.DryRunClient {
		return c.show(run, request)
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	s := submission{Flags: &c.Flags, request: request, client: client, scope: run.Scope(client)}
	created, err := s.submit(ctx)
	if err != nil {
		return err
	}
	if err := c.report(run, created, s.scope); err != nil || s.isDryRun() {
		return err
	}
	timeout, _ := jobs.Timeout(c.Timeout) // it has been checked
	switch {
	case c.Attach:
		return jobs.AttachTo(ctx, run, client, created[0], timeout)
	case c.Wait:
		return jobs.WaitForEnd(ctx, run, client, created[0], timeout)
	}
	return nil
}

// show prints the job as it would be sent. It needs no cluster.
func (c *Command) show(run *invocation.Invocation, request Request) error {
	name, scope := c.likelyName(), kube.ScopeOf(run.Project, run.Namespace, "")
	if c.GivenName() == "" {
		run.Note(fmt.Sprintf("using the name %s: --dry-run=client does not ask the cluster for a free name", name))
	}
	if scope.IsGuess() {
		run.Note(fmt.Sprintf("using the namespace %s: --dry-run=client does not ask the cluster for the project's namespace", scope.Namespace))
	}
	if request.credential != nil {
		run.Note(fmt.Sprintf("the Secret %s is not printed, because it holds the password", secretOf(name)))
	}
	job, err := withoutEmpty(request.Job(name, scope.Namespace))
	if err != nil {
		return err
	}
	return output.Print(run, c.Output.Or("yaml"), append([]*unstructured.Unstructured{job}, request.newClaims(name, scope.Namespace)...)...)
}

// report prints what was created, in the format of the flags. Default: the original's two lines.
func (c *Command) report(run *invocation.Invocation, created []*unstructured.Unstructured, scope kube.Scope) error {
	switch {
	case c.DryRun == invocation.DryRunServer:
		return output.Print(run, c.Output.Or("yaml"), withoutSecrets(created)...)
	case c.Output != "":
		return output.Print(run, c.Output, withoutSecrets(created)...)
	}
	name := created[0].GetName()
	// The original's own words, which scripts parse.
	_, err := fmt.Fprintf(run.Stdout, "The job '%s' has been submitted successfully\n"+
		"You can run `runai describe job %s%s` to check the job status\n",
		name, name, scope.Flags())
	return err
}

// withoutSecrets returns the objects that may be printed.
func withoutSecrets(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(object *unstructured.Unstructured) bool { return object.GetKind() == "Secret" })
}
