package kube

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// A Watch keeps a copy of jobs and their pods, and says when it has changed. It survives broken connections and
// restarts of the API server.
type Watch struct {
	client *Client
	jobs   *mirror[v2beta1.MPIJob]
	pods   *mirror[corev1.Pod]

	mutex sync.Mutex
	next  chan struct{}
	err   error
}

// WatchJob watches one job and its pods until the context ends.
func (c *Client) WatchJob(ctx context.Context, namespace, name string) *Watch {
	return c.watch(ctx, namespace,
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()},
		metav1.ListOptions{LabelSelector: labels.Set{v2beta1.JobNameLabel: name}.String()})
}

// WatchJobs watches the jobs of a namespace, or of all namespaces if it is "", and their pods, until the context ends.
func (c *Client) WatchJobs(ctx context.Context, namespace string) *Watch {
	return c.watch(ctx, namespace, metav1.ListOptions{}, metav1.ListOptions{LabelSelector: v2beta1.JobNameLabel})
}

func (c *Client) watch(ctx context.Context, namespace string, ofJobs, ofPods metav1.ListOptions) *Watch {
	w := &Watch{client: c, next: make(chan struct{})}
	w.jobs = newMirror[v2beta1.MPIJob](w, MPIJobs, namespace, ofJobs)
	w.pods = newMirror[corev1.Pod](w, pods, namespace, ofPods)
	ctx = logr.NewContext(Once(ctx), logr.Discard()) // the library would log what Trouble says
	go w.jobs.run(ctx)
	go w.pods.run(ctx)
	return w
}

// Next returns a channel that is closed at the next change of the copy, [Watch.Trouble] or [Watch.Err]. Get it before
// you read them.
func (w *Watch) Next() <-chan struct{} {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.next
}

// IsComplete reports whether the jobs and pods have been read. Until then, the copy is empty.
func (w *Watch) IsComplete() bool { return w.jobs.complete.Load() && w.pods.complete.Load() }

// Objects returns the jobs as stored in the cluster, in the order of their names. They must not be changed.
func (w *Watch) Objects() []*unstructured.Unstructured { return w.jobs.stored() }

// Jobs returns the jobs, in any order. They must not be changed.
func (w *Watch) Jobs() []*v2beta1.MPIJob { return w.jobs.all() }

// Pods returns the pods of the jobs, in any order. They must not be changed.
func (w *Watch) Pods() []*corev1.Pod { return w.pods.all() }

// Trouble says in one line why the copy may be old while the watch tries again, "" if it is up to date.
func (w *Watch) Trouble() string {
	for _, err := range []error{w.jobs.troubled(), w.pods.troubled()} {
		if err != nil {
			return w.client.ExplainTrouble(err) + "; trying again"
		}
	}
	return ""
}

// Err returns why the watch has ended: the user is not allowed to watch, or no longer logged in.
func (w *Watch) Err() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.err
}

func (w *Watch) fail(err error) {
	w.mutex.Lock()
	if w.err == nil {
		w.err = err
	}
	w.mutex.Unlock()
	w.signal()
}

func (w *Watch) signal() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	close(w.next)
	w.next = make(chan struct{})
}

// patience is how long a refusal must last before it ends a watch that has worked: a restarted API server refuses
// everybody until it has read its roles and the keys of tokens.
const patience = 15 * time.Second

// Health records whether the requests of something that is tried again succeed. The zero value is for one that has not
// been tried yet.
type Health struct {
	mutex   sync.Mutex
	worked  bool
	trouble error
	refused time.Time // of the first of the last refusals in a row
}

// Observe records the result of a request. It reports whether the trouble has changed, and whether to give up.
func (h *Health) Observe(err error, now time.Time) (changed, hopeless bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	changed = (err == nil) != (h.trouble == nil) || err != nil && err.Error() != h.trouble.Error()
	h.trouble = err
	switch {
	case err == nil:
		h.worked, h.refused = true, time.Time{}
	case isTemporary(err):
		h.refused = time.Time{}
	case !h.worked:
		return changed, true
	case h.refused.IsZero():
		h.refused = now
	case now.Sub(h.refused) > patience:
		return changed, true
	}
	return changed, false
}

func (h *Health) troubled() error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.trouble
}
