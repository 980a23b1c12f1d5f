package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/config"
)

func podOf(name string, uid, gid int64) *corev1.Pod {
	pod := &corev1.Pod{Spec: corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{RunAsUser: &uid, RunAsGroup: &gid}}}
	pod.Name, pod.Namespace = name, namespace
	return pod
}

// sessions judges sessions in a cluster with two pods.
func sessions() *Sessions {
	pods := fake.NewClientBuilder().WithScheme(Scheme()).WithObjects(podOf("alices", 1001, 2001), podOf("bobs", 1002, 2001)).Build()
	strict := interceptor.NewClient(pods, interceptor.Funcs{Get: getByValidName})
	return &Sessions{emptyDirectory{}, strict, config.Default().Identity}
}

// getByValidName sends no request with an invalid name, as client-go.
func getByValidName(ctx context.Context, pods client.WithWatch, key client.ObjectKey, pod client.Object, options ...client.GetOption) error {
	if err := (&rest.Request{}).Name(key.Name).Error(); err != nil {
		return err
	}
	return pods.Get(ctx, key, pod, options...)
}

func connection(pod, subresource string) admission.Request {
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID: "1", Operation: admissionv1.Connect, Namespace: namespace, Name: pod, SubResource: subresource,
		UserInfo: authenticationv1.UserInfo{Username: "alice", Extra: map[string]authenticationv1.ExtraValue{
			"run.ai/uid": {"1001"}, "run.ai/gid": {"2001"},
		}},
	}}
}

func TestSessions(t *testing.T) {
	for _, test := range []struct {
		pod, subresource string
		code             int32 // 0: allowed
		want             string
	}{
		{"alices", "exec", 0, ""},
		{"alices", "attach", 0, ""},
		{"alices", "portforward", 0, ""},
		{"alices", "proxy", 0, ""},
		{"alices:8888", "proxy", 0, ""},
		{"https:alices:8888", "proxy", 0, ""},
		{"bobs", "exec", http.StatusForbidden, "pod bobs runs as uid=1002"},
		{"bobs", "portforward", http.StatusForbidden, "pod bobs runs as uid=1002"},
		{"https:bobs:8888", "proxy", http.StatusForbidden, "pod bobs runs as uid=1002"},
		{"bobs:alices", "proxy", http.StatusForbidden, "pod bobs runs as uid=1002"},
		{"https:bobs:", "proxy", http.StatusForbidden, "pod bobs runs as uid=1002"},
		{"a:b:c:d", "proxy", http.StatusNotFound, `"a:b:c:d" not found`},
		{"https:..:8888", "proxy", http.StatusNotFound, `"https:..:8888" not found`},
		{"a%b", "exec", http.StatusNotFound, `"a%b" not found`},
		{"nobodys", "exec", http.StatusNotFound, "not found"},
	} {
		response := sessions().Handle(t.Context(), connection(test.pod, test.subresource))
		if response.Allowed != (test.code == 0) {
			t.Errorf("%s of %s: %+v", test.subresource, test.pod, response.Result)
		} else if test.code != 0 && (response.Result.Code != test.code || !strings.Contains(response.Result.Message, test.want)) {
			t.Errorf("%s of %s: got %+v, want %d: %s", test.subresource, test.pod, response.Result, test.code, test.want)
		}
	}
}

func TestSessionsOfUnknownUsers(t *testing.T) {
	request := connection("alices", "exec")
	request.UserInfo.Extra = nil
	response := sessions().Handle(t.Context(), request)
	if response.Allowed || response.Result.Code != http.StatusForbidden || !strings.Contains(response.Result.Message, "the cluster has no UID and GID for alice") {
		t.Errorf("got %+v", response)
	}
}

// A failed look-up is neither an admission nor a final answer.
func TestSessionsWithoutAnswer(t *testing.T) {
	s := sessions()
	s.Pods = interceptor.NewClient(s.Pods.(client.WithWatch), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return errors.New("connection refused")
		},
	})
	response := s.Handle(t.Context(), connection("alices", "exec"))
	if response.Allowed || response.Result.Code != http.StatusServiceUnavailable || response.Result.Details.RetryAfterSeconds != 1 {
		t.Errorf("got %+v", response)
	}
}
