package server

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// awaited returns an error if nobody waits for the answer any longer: the API server closes the connection
// when the timeout of the webhook has passed. It is called between the steps of a review. A
// step itself does not ask, because the bounds of a request keep it short.
func awaited(ctx context.Context) error {
	// rule T38 in webhook/server TestNothingIsDoneForNobody: requests that are given up
	if ctx.Err() != nil {
		return apierrors.NewTimeoutError("the request was given up before it was answered", 1)
	}
	return nil
}
