package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/webhook/identity"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// SessionsPath is the URL path of the webhook that judges sessions.
const SessionsPath = "/sessions"

// Sessions is the handler of /sessions, for namespaces whose pods all run with an identity: exec, attach, port-forward
// and proxy reach only pods that run as the caller.
type Sessions struct {
	Directory Directory
	// Pods reads pods from the API server: a cache could know an older pod of the same name.
	Pods     client.Reader
	Identity config.Identity
}

// Handle allows a request to connect to a pod that runs with ids of the user.
func (s *Sessions) Handle(ctx context.Context, request admission.Request) admission.Response {
	name := request.Name
	if request.SubResource == "proxy" { // SCHEME:NAME:PORT
		_, name, _, _ = utilnet.SplitSchemeNamePort(name)
	}
	if err := s.judge(ctx, request, types.NamespacedName{Namespace: request.Namespace, Name: name}); err != nil {
		return refuse(err)
	}
	return admission.Allowed("")
}

func (s *Sessions) judge(ctx context.Context, request admission.Request, name types.NamespacedName) error {
	if name.Name == "" || len(name.Name) > longestName || len(content.IsPathSegmentName(name.Name)) > 0 { // no pod has it, and no client would ask
		return apierrors.NewNotFound(corev1.Resource("pods"), cut(request.Name, longestName))
	}
	pod := &corev1.Pod{}
	err := s.Pods.Get(ctx, name, pod)
	if apierrors.IsNotFound(err) {
		return err
	}
	if err != nil {
		return unavailable("cannot look up pod %s: %s", name.Name, err)
	}
	question := identity.Question{User: request.UserInfo, Namespace: request.Namespace, Now: time.Now()}
	user, err := resolve(ctx, s.Directory, question, s.Identity)
	if err != nil {
		return err
	}
	// rule T60 in test/forgery TestT60Sessions: to enter a colleague's pod
	if err := review.EnterPod(pod, user); err != nil {
		return forbidden(err)
	}
	return nil
}

// forbidden returns a 403 with the text of an error.
func forbidden(err error) error {
	status := &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: strings.TrimSpace(err.Error()),
	}}
	return refusal{status, []string{stepSession + "/" + string(metav1.StatusReasonForbidden)}}
}
