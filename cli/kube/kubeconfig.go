package kube

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// loader returns what reads the kubeconfig, as kubectl does.
func (o ConnectOptions) loader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{
		CurrentContext: o.Context, Timeout: o.Timeout, AuthInfo: api.AuthInfo{Impersonate: o.As, ImpersonateGroups: o.AsGroups},
	})
}

// contextName returns the name of the context to use, "" if there is none.
func contextName(config api.Config, options ConnectOptions) string {
	if options.Context != "" {
		return options.Context
	}
	return config.CurrentContext
}

// Contexts returns the names of the contexts in the kubeconfig.
func Contexts(options ConnectOptions) []string {
	config, err := options.loader().RawConfig()
	if err != nil {
		return nil
	}
	return slices.Collect(maps.Keys(config.Contexts))
}

// SetNamespace writes a namespace to the context, in the file of the kubeconfig that has the context.
func SetNamespace(options ConnectOptions, namespace string) error {
	paths := clientcmd.NewDefaultPathOptions()
	paths.LoadingRules.ExplicitPath = options.Kubeconfig
	config, err := paths.GetStartingConfig()
	if err != nil {
		return explainKubeconfig(err, options)
	}
	name := contextName(*config, options)
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
