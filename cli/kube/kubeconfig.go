package kube

import (
	"errors"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// SetNamespace makes a namespace the one of the kubeconfig's context, in the file that has the context.
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
	if !present {
		return errors.New("the kubeconfig has no current context: write --context, one of kubectl config get-contexts")
	}
	context.Namespace = namespace
	if err := clientcmd.ModifyConfig(paths, *config, true); err != nil {
		return fmt.Errorf("the kubeconfig cannot be written: %w", err)
	}
	return nil
}
