package projects

import (
	"context"
	"fmt"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// Config is runai config project, and runai project set.
type Config struct {
	Name string `arg:"" name:"PROJECT" complete:"projects" help:"Project to use by default."`
}

// Help returns what is set.
func (*Config) Help() string {
	return `Sets the namespace of the kubeconfig's context, which kubectl uses too.

Examples:

    runai config project team-a`
}

// Run writes the project's namespace to the kubeconfig's context, as the original did. kubectl uses it too.
func (c *Config) Run(ctx context.Context, run *invocation.Invocation) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	scope := kube.ScopeOf(c.Name, run.Namespace, client.Namespace)
	if scope.IsGuess() { // else the user has selected a namespace of the project
		scope, err = client.Lookup(ctx, scope)
	}
	if kube.IsForbidden(err) {
		run.Warn(fmt.Sprintf("using namespace %s, which may be wrong: you are not allowed to list namespaces", scope.Namespace))
		err = nil
	}
	if err != nil {
		return invocation.Failed(client.Explain(err))
	}
	if err := kube.SetNamespace(run.ConnectOptions(), scope.Namespace); err != nil {
		return invocation.Failure{err.Error()}
	}
	// The original's own words.
	_, err = fmt.Fprintf(run.Stdout, "Project %s has been set as default project\n", c.Name)
	return err
}
