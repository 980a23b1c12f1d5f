package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
)

// logInterval is the time between lines of a replica that waits.
const logInterval = 5 * time.Second

// caches are the informers, which the API server fills.
type caches []cached

type cached struct {
	plural   string // for people
	kind     schema.GroupVersionKind
	only     client.ListOptions // what is listed
	object   client.Object
	informer cache.Informer
}

// startCaches creates the informers before the first request needs them.
func startCaches(ctx context.Context, informers cache.Cache) (caches, error) {
	if err := informers.IndexField(ctx, &v1alpha1.PosixIdentity{}, subjectField, subjectOf); err != nil {
		return nil, err
	}
	all := caches{
		{plural: "Namespaces", kind: corev1.SchemeGroupVersion.WithKind("Namespace"), object: NamespaceMetadata()},
		{plural: "Projects", kind: v1alpha1.GroupVersion.WithKind("Project"), object: &v1alpha1.Project{}},
		{plural: "PosixIdentities", kind: v1alpha1.GroupVersion.WithKind("PosixIdentity"), object: &v1alpha1.PosixIdentity{}},
		{
			plural: "the MPIJob CRD", kind: apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"),
			object: &apiextensionsv1.CustomResourceDefinition{}, only: client.ListOptions{FieldSelector: onlyMPIJobCRD},
		},
	}
	for i := range all {
		var err error
		if all[i].informer, err = informers.GetInformer(ctx, all[i].object, cache.BlockUntilSynced(false)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// synced is a health check.
func (c caches) synced(*http.Request) error {
	if len(c.waiting()) > 0 {
		return errors.New("caches are not synced")
	}
	return nil
}

func (c caches) waiting() (waiting caches) {
	for _, cached := range c {
		if !cached.informer.HasSynced() {
			waiting = append(waiting, cached)
		}
	}
	return waiting
}

// logWaiting logs why a replica is not ready, until the API server has sent everything. The informers try again
// silently.
func (c caches) logWaiting(ctx context.Context, cluster client.Reader) {
	for len(c.waiting()) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(logInterval):
		}
		for _, line := range c.waiting().reasons(ctx, cluster) {
			slog.Warn("not ready: waiting for the API server", "for", strings.Join(line.plurals, ", "), "reason", line.reason)
		}
	}
}

// A waitingLine is why some caches are not filled.
type waitingLine struct {
	plurals []string
	reason  string
}

// reasons asks the API server for one object of each kind, because an informer does not say why it waits.
func (c caches) reasons(ctx context.Context, cluster client.Reader) (lines []waitingLine) {
	for i, cached := range c {
		reason, answered := cached.reason(ctx, cluster)
		if len(lines) > 0 && lines[len(lines)-1].reason == reason {
			last := &lines[len(lines)-1]
			last.plurals = append(last.plurals, cached.plural)
			continue
		}
		lines = append(lines, waitingLine{[]string{cached.plural}, reason})
		if !answered { // the others would not be answered either
			for _, other := range c[i+1:] {
				lines[len(lines)-1].plurals = append(lines[len(lines)-1].plurals, other.plural)
			}
			break
		}
	}
	return lines
}

// reason says why a list fails, and whether the API server has answered.
func (c cached) reason(ctx context.Context, cluster client.Reader) (reason string, answered bool) {
	ctx, cancel := context.WithTimeout(ctx, logInterval)
	defer cancel()
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(c.kind)
	only := c.only
	only.Limit = 1
	err := cluster.List(ctx, list, &only)
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return "it has answered, and has not sent everything yet", true
	case apierrors.IsForbidden(err):
		return "not permitted to list them: " + err.Error(), true
	case apierrors.IsNotFound(err):
		return "it does not serve them: apply the CRDs, as 'runai-webhook prepare' does", true
	}
	return apiserver.Explain(err).Error(), errors.As(err, &status)
}
