package kube

import (
	"errors"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// SetNamespace writes a namespace to the context, in the file of the kubeconfig that has the context.
func SetNamespace(options ConnectOptions, namespace string) error {
	paths := clientcmd.NewDefaultPathOptions()
	paths.LoadingRules.ExplicitPath = options.Kubeconfig
	config, err := paths.GetStartingConfig()
	if err != nil {
		return explainKubeconfig(err, options)
	}
	name := options.Context
	if name == "" {
		name = config.CurrentContext
	}
	context, present := config.Contexts[name]
	switch {
	case present:
	case name == "":
		return errors.New("the kubeconfig has no current context: use --context; see 'kubectl config get-contexts'")
	default:
		return unknownContext(name)
	}
	context.Namespace = namespace
	if err := clientcmd.ModifyConfig(paths, *config, true); err != nil {
		return fmt.Errorf("cannot write the kubeconfig: %w", err)
	}
	return nil
}
