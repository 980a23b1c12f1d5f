package submit

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Command is submit-mpi.
type Command struct {
	Flags
}

// Run checks everything, then submits the job or shows it.
func (c *Command) Run(ctx context.Context, run *invocation.Invocation) error {
	options, warnings, mistakes := c.Check(run.Project, run.Words)
	for _, warning := range warnings {
		run.Warn(warning)
	}
	if len(mistakes) > 0 {
		return invocation.Mistakes(mistakes)
	}
	if c.DryRun == "client" {
		return c.show(run, options)
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	s := submission{Flags: &c.Flags, options: options, client: client, project: run.Project, namespace: run.Namespace, named: run.Namespace != ""}
	if !s.named {
		s.namespace = kube.NamespaceOf(run.Project, client.Namespace)
	}
	job, err := s.submit(ctx)
	if err != nil {
		return err
	}
	return c.report(run, job)
}

// show prints the job as it would be sent, without a cluster.
func (c *Command) show(run *invocation.Invocation, options Options) error {
	name, namespace := c.nameToJudge(), run.Namespace
	if c.GivenName() == "" {
		run.Note(fmt.Sprintf("the name %s is a guess: this dry run asks no cluster", name))
	}
	if namespace == "" && run.Project != "" {
		namespace = kube.NamespaceOf(run.Project, "")
		run.Note(fmt.Sprintf("the namespace %s is a guess: this dry run asks no cluster", namespace))
	}
	job, err := lean(options.Job(name, namespace))
	if err != nil {
		return err
	}
	return write(run.Stdout, orYAML(c.Output), job)
}

// report prints what the flags ask for, by default the original's two lines.
func (c *Command) report(run *invocation.Invocation, job *unstructured.Unstructured) error {
	if c.DryRun == "server" {
		return write(run.Stdout, orYAML(c.Output), job)
	}
	if c.Output != "" {
		return write(run.Stdout, c.Output, job)
	}
	where := ""
	switch {
	case run.Project != "":
		where = " -p " + run.Project
	case run.Namespace != "":
		where = " -n " + run.Namespace
	}
	_, err := fmt.Fprintf(run.Stdout, "The job '%s' has been submitted successfully\nYou can run `runai describe job %s%s` to check the job status\n",
		job.GetName(), job.GetName(), where)
	return err
}

func orYAML(output string) string {
	if output == "" {
		return "yaml"
	}
	return output
}
