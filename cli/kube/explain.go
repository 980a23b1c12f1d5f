package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// isUnavailable reports whether a gateway answered for an API server that is down. Its text is of no use.
func isUnavailable(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsUnexpectedServerError(err) && errors.As(err, &status) && isTemporaryCode(int(status.Status().Code))
}

// isTemporary reports whether a request may succeed later: something is down, and nobody refused it.
func isTemporary(err error) bool {
	var network networkError
	var status apierrors.APIStatus
	page, isPage := pageOf(err)
	switch {
	case isPage:
		return mayPass(page.code)
	case errors.As(err, &network):
		return true
	}
	return errors.As(err, &status) && mayPass(int(status.Status().Code))
}

// mayPass reports whether an answer may be another one later.
func mayPass(code int) bool {
	return code >= http.StatusInternalServerError || code == http.StatusTooManyRequests || code == http.StatusGone
}

// IsServerError reports whether the API server could not do its part, for example reach the kubelet that has a log.
func IsServerError(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusInternalServerError
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

// mayBeStored reports whether a creation may have succeeded although it returned an error: a response was lost, or the
// object exists after a second try.
func mayBeStored(err error, a *attempt) bool { return a.lost.Load() || isUndecided(err, a) }

// isUndecided reports whether the last response to a creation, or none, leaves open whether it has succeeded.
func isUndecided(err error, a *attempt) bool {
	if page, isPage := pageOf(err); isPage {
		return page.isLost()
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return a.sent.Load()
	}
	return apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) || status.Status().Code == http.StatusBadGateway ||
		apierrors.IsAlreadyExists(err) && a.tries.Load() > 1
}

// isAnswer reports whether an error is the API server's own, and not that of a proxy in front of it.
func isAnswer(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// IsForbidden reports whether the user is not allowed to make the request.
func IsForbidden(err error) bool { return apierrors.IsForbidden(err) }

// IsMissing reports whether an object does not exist, while its resource does.
func IsMissing(err error) bool { return apierrors.IsNotFound(err) && !isNoResource(err) }

// isNoResource reports whether the server does not serve the resource. Its status then names no object.
func isNoResource(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		(status.Status().Details == nil || status.Status().Details.Name == "")
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
