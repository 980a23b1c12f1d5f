package kube

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// LogOptions select a part of a log. They are those of the API's PodLogOptions.
type LogOptions struct {
	Container  string
	Follow     bool
	Timestamps bool
	Previous   bool           // The container before its last restart.
	Tail       *int64         // Default: all lines.
	Since      *time.Duration // Default: from the beginning.
	SinceTime  *time.Time     // Default: from the beginning.
}

// Logs returns the log of a pod. The caller must close it. One that is followed is the caller's to read again.
func (c *Client) Logs(ctx context.Context, namespace, pod string, options LogOptions) (io.ReadCloser, error) {
	if options.Follow {
		ctx = Once(ctx)
	}
	request := c.core.Get().Namespace(namespace).Resource("pods").Name(pod).SubResource("log").
		Param("container", options.Container).
		Param("follow", strconv.FormatBool(options.Follow)).
		Param("timestamps", strconv.FormatBool(options.Timestamps))
	if options.Previous {
		request.Param("previous", "true")
	}
	if options.Tail != nil {
		request.Param("tailLines", strconv.FormatInt(*options.Tail, 10))
	}
	if options.Since != nil {
		request.Param("sinceSeconds", strconv.FormatInt(int64(options.Since.Seconds()+0.999), 10))
	}
	if options.SinceTime != nil {
		request.Param("sinceTime", options.SinceTime.UTC().Format(time.RFC3339))
	}
	return request.Stream(ctx)
}

// newCore returns a client for the core API that decodes nothing but the statuses of errors.
func newCore(config *rest.Config, shared *http.Client) (*rest.RESTClient, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	scheme.AddKnownTypes(corev1.SchemeGroupVersion, &corev1.PodList{})
	copied := rest.CopyConfig(config)
	copied.APIPath, copied.GroupVersion = "/api", &corev1.SchemeGroupVersion
	copied.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	copied.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	return rest.RESTClientForConfigAndClient(copied, shared)
}
