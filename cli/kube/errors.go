package kube

import (
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// IsForbidden reports whether the user is not allowed to make the request.
func IsForbidden(err error) bool { return apierrors.IsForbidden(err) }

// IsMissing reports whether an object does not exist, while its resource does.
func IsMissing(err error) bool { return apierrors.IsNotFound(err) && !isNoResource(err) }

// IsServerError reports whether the API server could not do its part, for example reach the kubelet that has a log.
func IsServerError(err error) bool { return codeOf(err) == http.StatusInternalServerError }

// isNoResource reports whether the server does not serve the resource. Its status then names no object.
func isNoResource(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		(status.Status().Details == nil || status.Status().Details.Name == "")
}

// isAnswer reports whether an error is the API server's own, and not that of a proxy in front of it.
func isAnswer(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// codeOf returns the code of the answer that is an error, or 0 if there was none.
func codeOf(err error) int {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return 0
	}
	return int(status.Status().Code)
}

// isUnavailable reports whether a gateway answered for an API server that is down. Its text is of no use.
func isUnavailable(err error) bool {
	return apierrors.IsUnexpectedServerError(err) && isOutageCode(codeOf(err))
}

// isTemporary reports whether a request may succeed later: something is down, and nobody refused it.
func isTemporary(err error) bool {
	var network networkError
	page, isPage := pageOf(err)
	switch {
	case isPage:
		return isTemporaryCode(page.code)
	case errors.As(err, &network):
		return true
	}
	return isTemporaryCode(codeOf(err))
}

// isTemporaryCode reports whether an answer may be another one later.
func isTemporaryCode(code int) bool {
	return code >= http.StatusInternalServerError || code == http.StatusTooManyRequests || code == http.StatusGone
}

// mayBeStored reports whether a creation may have succeeded although it returned an error: a response was lost, or the
// object exists after a second try.
func mayBeStored(err error, a *attempt) bool { return a.lost.Load() || isUndecided(err, a) }

// isUndecided reports whether the last response to a creation, or none, leaves open whether it has succeeded.
func isUndecided(err error, a *attempt) bool {
	if page, isPage := pageOf(err); isPage {
		return page.isLost()
	}
	if !isAnswer(err) {
		return a.sent.Load()
	}
	return apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) || codeOf(err) == http.StatusBadGateway ||
		apierrors.IsAlreadyExists(err) && a.tries.Load() > 1
}
