package main

import (
	"errors"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// clientConfig says how to reach the API server: by a kubeconfig, or as the pod's service account.
func clientConfig(kubeconfig string) (config *rest.Config, err error) {
	if kubeconfig == "" {
		config, err = rest.InClusterConfig()
	} else {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	switch {
	case errors.Is(err, rest.ErrNotInCluster):
		return nil, errors.New("cannot find the API server: this is not a pod of a cluster: use --kubeconfig")
	case kubeconfig == "" && err != nil:
		return nil, fmt.Errorf("cannot use the pod's service account: %w", err)
	case err != nil:
		return nil, fmt.Errorf("cannot use the kubeconfig %s: %w", kubeconfig, err)
	}
	return config, nil
}

// kubectlConfig says how to reach the API server as kubectl does: by a kubeconfig, or else as the pod's service account.
// The command can do something else without either.
func kubectlConfig(kubeconfig, otherwise string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, errors.New("no kubeconfig found: use --kubeconfig or set KUBECONFIG" + otherwise)
	case err != nil:
		return nil, fmt.Errorf("cannot use the kubeconfig: %w", err)
	}
	return config, nil
}
