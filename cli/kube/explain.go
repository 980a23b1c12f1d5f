package kube

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Explain returns in one line why a request failed and what to do about it.
func (c *Client) Explain(err error) string {
	var network networkError
	var late lateError
	var notSent *url.Error
	message := withoutWebhook(err.Error())
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case apierrors.IsUnauthorized(err):
		return fmt.Sprintf("the API server %s rejected your credentials, which may have expired: log in again", c.server)
	case apierrors.IsForbidden(err):
		return explainForbidden(message)
	case isNoResource(err):
		return "MPIJobs (kubeflow.org/v2beta1) are not installed on this cluster: ask your administrator to install MPI Operator v0.8"
	case silentWebhook(message) != "":
		return fmt.Sprintf("webhook %s does not respond, and the API server refuses this request without it: try again, or ask your administrator",
			silentWebhook(message))
	case apierrors.IsTooManyRequests(err):
		return fmt.Sprintf("the API server %s is overloaded: try again in a moment", c.server)
	case isUnavailable(err):
		return fmt.Sprintf("the API server %s is not available: try again in a moment", c.server)
	case errors.As(err, &late):
		return fmt.Sprintf("the API server %s gave %s: try again, or wait longer", c.server, late)
	case errors.As(err, &network):
		return fmt.Sprintf("cannot reach the API server %s: %s; check the network and the kubeconfig", c.server, network)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the API server %s did not answer in time: try again", c.server)
	case errors.As(err, &notSent):
		return c.explainNotSent(notSent.Err)
	}
	return message
}

// ExplainTrouble returns why a request that is sent again failed, without what the user could do.
func (c *Client) ExplainTrouble(err error) string {
	var network networkError
	switch {
	case errors.As(err, &network):
		return fmt.Sprintf("cannot reach the API server %s: %s", c.server, network)
	case apierrors.IsTooManyRequests(err):
		return fmt.Sprintf("the API server %s is overloaded", c.server)
	case apierrors.IsUnauthorized(err):
		return fmt.Sprintf("the API server %s rejects your credentials", c.server)
	case apierrors.IsInternalError(err):
		return fmt.Sprintf("the API server %s failed: %s", c.server, err)
	case isTemporary(err):
		return fmt.Sprintf("the API server %s is not available", c.server)
	}
	problem, _, _ := strings.Cut(c.Explain(err), "; ")
	return problem
}

// explainNotSent returns why a request did not reach the network.
func (c *Client) explainNotSent(err error) string {
	if problem, isLogin := strings.CutPrefix(err.Error(), credentialPrefix); isLogin {
		return c.explainLogin(problem)
	}
	return fmt.Sprintf("cannot use the kubeconfig for the API server %s: %s", c.server, err)
}

// The beginnings of the client library's errors, which have no types: of a credential plugin, of one that the kubeconfig
// names and one that ran, and of what it printed.
const (
	credentialPrefix = "getting credentials: "
	pluginPrefix     = "exec: "
	decodingPrefix   = "decoding stdout: "
)

// explainLogin returns why the credential plugin of the kubeconfig has no credentials. What the plugin itself says is on
// stderr already. Help for its installation may follow the first line.
func (c *Client) explainLogin(problem string) string {
	problem, _, _ = strings.Cut(problem, "\n")
	remedy := "log in again, or check the exec command in the kubeconfig"
	switch {
	case strings.HasSuffix(problem, " not found"):
		remedy = "install it, or check the exec command in the kubeconfig"
	case strings.HasPrefix(problem, decodingPrefix):
		problem = "the exec command did not print an ExecCredential"
	}
	return fmt.Sprintf("cannot get credentials for the API server %s: %s; %s", c.server, strings.TrimPrefix(problem, pluginPrefix), remedy)
}

// sessions are the resources that open a session in a pod.
var sessions = []string{"pods/attach", "pods/exec", "pods/portforward"}

func explainForbidden(message string) string {
	user, verb, resource, namespace, isRole := forbiddenBy(message)
	if !isRole {
		return message // of a quota or another admission plugin
	}
	if slices.Contains(sessions, resource) {
		return fmt.Sprintf("%s is not allowed to open sessions in the pods of namespace %s: "+
			"ask your administrator for the role runai-mpi-session", user, namespace)
	}
	where := "in this cluster"
	if namespace != "" {
		where = "in namespace " + namespace
	}
	return fmt.Sprintf("%s is not allowed to %s %s %s: check the project, or ask your administrator for permission",
		user, verb, resource, where)
}
