package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
)

var (
	deniedBy  = regexp.MustCompile(`^admission webhook "[^"]*" denied the request: `)
	cannot    = regexp.MustCompile(`User "([^"]*)" cannot (\w+) resource "([^"]*)".*?(?: in the namespace "([^"]*)")?$`)
	noAnswer  = regexp.MustCompile(`failed calling webhook "([^"]*)"`)
	noLogin   = regexp.MustCompile(`getting credentials: (.*)$`)
	noContext = regexp.MustCompile(`context "([^"]*)" does not exist`)
)

// Explain says in one line why a request failed and what to do about it.
func (c *Client) Explain(err error) string {
	var unreachable *url.Error
	message := deniedBy.ReplaceAllString(err.Error(), "")
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case apierrors.IsUnauthorized(err):
		return fmt.Sprintf("the API server %s does not accept your login, which may have expired: log in again and repeat the command", c.server)
	case apierrors.IsForbidden(err):
		return explainForbidden(message)
	case isNoResource(err):
		return "this cluster does not know MPIJobs (kubeflow.org/v2beta1): ask your administrator to install the MPI Operator v0.8"
	case IsUnavailable(err) && noAnswer.MatchString(message):
		return fmt.Sprintf("the webhook %s does not answer, and without it no job is created: try again, or ask your administrator",
			noAnswer.FindStringSubmatch(message)[1])
	case apierrors.IsTooManyRequests(err):
		return fmt.Sprintf("the API server %s is busy: try again in a moment", c.server)
	case noLogin.MatchString(message):
		return fmt.Sprintf("the kubeconfig's program cannot log you in to the API server %s: %s: log in again, or check the kubeconfig",
			c.server, noLogin.FindStringSubmatch(message)[1])
	case errors.As(err, &unreachable):
		return fmt.Sprintf("cannot reach the API server %s: %s: check the network and the kubeconfig", c.server, unreachable.Err)
	}
	return message
}

// IsUnavailable tells whether the same request may succeed in a moment: the webhook does not know the
// project yet, or is being replaced.
func IsUnavailable(err error) bool {
	return apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) && noAnswer.MatchString(err.Error())
}

// isAmbiguous tells whether a request may have succeeded although its answer did not arrive.
func isAmbiguous(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err)
	}
	return !neverSent(err)
}

// neverSent is true for a request that failed before anything was written to the server.
func neverSent(err error) bool {
	var connection *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &connection) && connection.Op == "dial" || errors.As(err, &certificate) || noLogin.MatchString(err.Error())
}

// IsForbidden tells a request that the user may not make.
func IsForbidden(err error) bool { return apierrors.IsForbidden(err) }

// IsMissing tells an object that does not exist from a resource that does not.
func IsMissing(err error) bool { return apierrors.IsNotFound(err) && !isNoResource(err) }

// isNoResource is true where the server does not serve the resource, as it says without naming an object.
func isNoResource(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		(status.Status().Details == nil || status.Status().Details.Name == "")
}

func explainForbidden(message string) string {
	match := cannot.FindStringSubmatch(message)
	if match == nil {
		return message // a quota, or another admission plugin
	}
	where := "in this cluster"
	if match[4] != "" {
		where = "in namespace " + match[4]
	}
	return fmt.Sprintf("%s may not %s %s %s: check the project, or ask your administrator for the permission",
		match[1], match[2], match[3], where)
}

func explainKubeconfig(err error, options ConnectOptions) error {
	match := noContext.FindStringSubmatch(err.Error())
	switch {
	case match != nil:
		return fmt.Errorf("the kubeconfig has no context %s: write one of kubectl config get-contexts", match[1])
	case clientcmd.IsEmptyConfig(err):
		return errors.New("there is no kubeconfig: write --kubeconfig FILE, set KUBECONFIG, or log in to the cluster first")
	case options.Kubeconfig != "":
		return fmt.Errorf("the kubeconfig %s cannot be used: %w", options.Kubeconfig, err)
	}
	return fmt.Errorf("the kubeconfig cannot be used: %w", err)
}
