package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"k8s.io/client-go/tools/clientcmd"
)

// explainKubeconfig returns why a kubeconfig cannot be used.
func explainKubeconfig(err error, options ConnectOptions) error {
	if broken := brokenKubeconfig(options); broken != "" {
		return fmt.Errorf("invalid kubeconfig %s: see 'kubectl config view'", broken)
	}
	switch {
	case clientcmd.IsEmptyConfig(err):
		return errors.New("no kubeconfig found: use --kubeconfig, set KUBECONFIG, or log in to the cluster")
	case options.Kubeconfig != "":
		return fmt.Errorf("cannot read the kubeconfig %s: %s", options.Kubeconfig, withoutPassword(err.Error()))
	}
	return fmt.Errorf("cannot read the kubeconfig: %s", withoutPassword(err.Error()))
}

// cannotUse returns the error of a kubeconfig that can be read but makes no client.
func cannotUse(err error) error {
	return fmt.Errorf("cannot use the kubeconfig: %s", withoutPassword(err.Error()))
}

var userInfo = regexp.MustCompile(`//[^/"\s]*@`)

// withoutPassword returns a text without the user and the password that a URL in it may have. The URL may be invalid.
func withoutPassword(text string) string { return userInfo.ReplaceAllString(text, "//") }

// brokenKubeconfig returns the first file that can be read but is not a kubeconfig, "" if there is none. The library's
// error does not say which of several it is, except in its text.
func brokenKubeconfig(options ConnectOptions) string {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = options.Kubeconfig
	for _, file := range rules.GetLoadingPrecedence() {
		var unreadable *fs.PathError
		if _, err := clientcmd.LoadFromFile(file); err != nil && !errors.As(err, &unreadable) {
			return file
		}
	}
	return ""
}

func unknownContext(name string) error {
	return fmt.Errorf("context %q not found in the kubeconfig: see 'kubectl config get-contexts'", name)
}
