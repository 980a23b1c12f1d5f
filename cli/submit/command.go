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
	Argument string `arg:"" optional:"" name:"NAME" filled:"" help:"Name of the job, same as --name."`
	Flags
}

// Help returns the description and examples.
func (*Command) Help() string {
	return `The words after -- are the arguments of the image's entry point.

Examples:

    runai submit-mpi dist1 -i example/train --processes 2 -g 1
    runai submit-mpi -i example/train --attach --command -- python train.py
    runai submit-mpi -i example/train --dry-run -o yaml`
}

// Run checks all flags, then submits the job or prints it.
func (c *Command) Run(ctx context.Context, run *invocation.Invocation) error {
	c.NameArgument = c.Argument
	request, err := c.checked(run)
	if err != nil {
		return err
	}
	if c.DryRun == invocation.DryRunClient {
		return c.show(run, request, kube.ScopeOf(run.Project, run.Namespace, ""))
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	return c.send(ctx, run, &submission{Flags: &c.Flags, request: request, client: client, scope: run.Scope(client)})
}

// checked reads the flags and prints the warnings.
func (f *Flags) checked(run *invocation.Invocation) (Request, error) {
	request, warnings, mistakes := f.Check(run)
	for _, warning := range warnings {
		run.Warn(warning)
	}
	if len(mistakes) > 0 {
		return request, invocation.Mistakes(mistakes)
	}
	return request, nil
}

// send submits the job, prints what was created, and attaches to it.
func (f *Flags) send(ctx context.Context, run *invocation.Invocation, s *submission) error {
	created, err := s.submit(ctx)
	if err != nil {
		return err
	}
	if err := f.report(run, created, s.scope); err != nil || s.isDryRun() {
		return err
	}
	timeout, _ := jobs.Timeout(f.Timeout) // it has been checked
	switch {
	case f.Attach:
		return jobs.AttachTo(ctx, run, s.client, created[0], timeout)
	case f.Wait:
		return jobs.WaitForEnd(ctx, run, s.client, created[0], timeout)
	}
	return nil
}

// show prints the job as it would be sent. It needs no cluster.
func (f *Flags) show(run *invocation.Invocation, request Request, scope kube.Scope) error {
	name := f.likelyName()
	if f.GivenName() == "" {
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
	return output.Print(run, f.Output.Or("yaml"), append([]*unstructured.Unstructured{job}, request.newClaims(name, scope.Namespace)...)...)
}

// report prints what was created, in the format of the flags. Default: the original's two lines.
func (f *Flags) report(run *invocation.Invocation, created []*unstructured.Unstructured, scope kube.Scope) error {
	switch {
	case f.DryRun == invocation.DryRunServer:
		return output.Print(run, f.Output.Or("yaml"), withoutSecrets(created)...)
	case f.Output != "":
		return output.Print(run, f.Output, withoutSecrets(created)...)
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
