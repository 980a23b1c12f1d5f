package server

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission/metrics"
)

// An envelope is the HTTP handler of a webhook. It answers what an API server may send with an AdmissionReview
// (admission.k8s.io/v1), whatever the handler makes of it, and anything else with an HTTP status of 400 or above.
//
// A handler must not keep the objects of a request: they are overwritten after the answer.
type envelope struct {
	handler admission.Handler
	path    string
}

// An exchange is the memory of a request and of its answer, which the next one uses again.
type exchange struct {
	body   bytes.Buffer
	answer []byte
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// giveBack keeps the memory for the next request, unless it is large: large requests are rare.
func (x *exchange) giveBack() {
	if x.body.Cap() <= smallRequest && cap(x.answer) <= smallRequest {
		exchanges.Put(x)
	}
}

func (e envelope) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if problem := foreignTo(r); problem != nil {
		e.reject(w, problem)
		return
	}
	x := exchanges.Get().(*exchange)
	defer x.giveBack()
	if problem := readBody(&x.body, r); problem != nil {
		e.reject(w, problem)
		return
	}
	request, err := decodeReview(x.body.Bytes())
	var response admission.Response
	switch {
	case err == nil:
		response = e.handle(r, request)
	case errors.Is(err, errSprawls), errors.Is(err, errLong):
		observeUnread(e.path, refused, err.Error())
		response = refuse(apierrors.NewRequestEntityTooLargeError(err.Error()))
	default:
		e.reject(w, &rejection{http.StatusBadRequest, "the body must be an AdmissionReview of admission.k8s.io/v1: " + err.Error()})
		return
	}
	if err := response.Complete(request); err != nil {
		response = refuse(err)
		response.UID = request.UID
	}
	x.answer = appendReview(x.answer[:0], &response.AdmissionResponse)
	writeJSON(w, http.StatusOK, x.answer)
}

// handle calls the handler. Its panic is a bug, which refuses this request and no other.
func (e envelope) handle(r *http.Request, request admission.Request) (response admission.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			metrics.WebhookPanics.WithLabelValues().Inc()
			reviewsTotal.WithLabelValues(webhookOf(e.path), operationOf(request.Operation), failed).Inc()
			if isLogged() { // a request that panics can be sent again and again
				slog.Error("panic", "webhook", webhookOf(e.path), "uid", string(request.UID),
					"panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			}
			response = refuse(fmt.Errorf("runai-webhook has a bug: report it with the webhook's log of request %s", request.UID))
		}
	}()
	return e.handler.Handle(r.Context(), request)
}
