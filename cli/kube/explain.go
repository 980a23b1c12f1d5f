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
	badConfig = regexp.MustCompile(`error loading config file "([^"]*)": .*unmarshal`)
)

// Explain returns in one line why a request failed and what to do about it.
func (c *Client) Explain(err error) string {
	var unreachable *url.Error
	message := deniedBy.ReplaceAllString(err.Error(), "")
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case apierrors.IsUnauthorized(err):
		return fmt.Sprintf("the API server %s rejected your credentials, which may have expired: log in again", c.server)
	case apierrors.IsForbidden(err):
		return explainForbidden(message)
	case isNoResource(err):
		return "MPIJobs (kubeflow.org/v2beta1) are not installed on this cluster: ask your administrator to install MPI Operator v0.8"
	case IsUnavailable(err) && noAnswer.MatchString(message):
		return fmt.Sprintf("webhook %s does not respond, and no job can be created without it: try again, or ask your administrator",
			noAnswer.FindStringSubmatch(message)[1])
	case apierrors.IsTooManyRequests(err):
		return fmt.Sprintf("the API server %s is overloaded: try again in a moment", c.server)
	case noLogin.MatchString(message):
		return fmt.Sprintf("cannot get credentials for the API server %s: %s; log in again, or check the exec command in the kubeconfig",
			c.server, noLogin.FindStringSubmatch(message)[1])
	case errors.As(err, &unreachable):
		return fmt.Sprintf("cannot reach the API server %s: %s; check the network and the kubeconfig", c.server, unreachable.Err)
	}
	return message
}

// IsUnavailable reports whether the same request may succeed in a moment: the webhook does not know the
// project yet, or is restarting.
func IsUnavailable(err error) bool {
	return apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) && noAnswer.MatchString(err.Error())
}

// isAmbiguous reports whether a request may have succeeded although it returned an error.
func isAmbiguous(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err)
	}
	return !neverSent(err)
}

// neverSent reports whether a request failed before anything was sent to the server.
func neverSent(err error) bool {
	var connection *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &connection) && connection.Op == "dial" || errors.As(err, &certificate) || noLogin.MatchString(err.Error())
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

func explainForbidden(message string) string {
	match := cannot.FindStringSubmatch(message)
	if match == nil {
		return message // of a quota or another admission plugin
	}
	where := "in this cluster"
	if match[4] != "" {
		where = "in namespace " + match[4]
	}
	return fmt.Sprintf("%s is not allowed to %s %s %s: check the project, or ask your administrator for permission",
		match[1], match[2], match[3], where)
}

func explainKubeconfig(err error, options ConnectOptions) error {
	if match := noContext.FindStringSubmatch(err.Error()); match != nil {
		return unknownContext(match[1])
	}
	if match := badConfig.FindStringSubmatch(err.Error()); match != nil {
		return fmt.Errorf("invalid kubeconfig %s: see 'kubectl config view'", match[1])
	}
	switch {
	case clientcmd.IsEmptyConfig(err):
		return errors.New("no kubeconfig found: use --kubeconfig, set KUBECONFIG, or log in to the cluster")
	case options.Kubeconfig != "":
		return fmt.Errorf("cannot read the kubeconfig %s: %w", options.Kubeconfig, err)
	}
	return fmt.Errorf("cannot read the kubeconfig: %w", err)
}

func unknownContext(name string) error {
	return fmt.Errorf("context %q not found in the kubeconfig: see 'kubectl config get-contexts'", name)
}
