package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// replacements replace replicas, one after the other.
func (s *soak) replacements() []fault {
	return []fault{
		{name: "a replica is deleted", happens: func(t *testing.T) func(*testing.T) {
			old := replicas(t)[:1]
			if err := product.Client.Delete(t.Context(), &old[0]); err != nil {
				t.Fatal(err)
			}
			areGone(t, old)
			areReady(t)
			return nil
		}},
		{name: "both replicas are evicted", happens: evictBoth},
		{name: "a new image is rolled out", happens: func(t *testing.T) func(*testing.T) {
			if strings.HasSuffix(replicas(t)[0].Spec.Containers[0].Image, ":next") { // it happened before
				s.rollOut(t, ":lab", defaultLabel)
				return nil
			}
			if err := product.Release.PushImage(t.Context(), "next", append([]string{"VERSION=next"}, imageVariables()...)...); err != nil {
				t.Fatal(err)
			}
			s.rollOut(t, ":next", defaultLabel, "--set-string", "image.tag=next")
			return nil
		}},
		{name: "another cluster policy is rolled out, and the old image", happens: func(t *testing.T) func(*testing.T) {
			s.rollOut(t, ":lab", "kai.scheduler/queue", "--set", "policy.scheduling.queueLabel=kai.scheduler/queue",
				"--set", "policy.scheduling.schedulerName=another", "--set", "policy.gitSync.image=example/git-sync:v5")
			if s.Phase("another cluster policy is rolled out, and the old image").Answers(http.StatusServiceUnavailable) == 0 {
				t.Error("no creation was tried again: old and new replicas never served together")
			}
			return func(t *testing.T) { s.rollOut(t, ":lab", defaultLabel) }
		}},
	}
}

// defaultLabel is the label of the queue in the suite's cluster policy.
const defaultLabel = "kueue.x-k8s.io/queue-name"

// rollOut upgrades the release, and asserts that all replicas have an image, and a policy with a label for queues.
func (s *soak) rollOut(t *testing.T, image, label string, helmArgs ...string) {
	t.Helper()
	old := replicas(t)
	if err := product.Release.Upgrade(t.Context(), helmArgs...); err != nil {
		t.Fatal(err)
	}
	areGone(t, old)
	for _, replica := range awaitReplicas(t, len(old), anyReplica) {
		if got := replica.Spec.Containers[0].Image; !strings.HasSuffix(got, image) {
			t.Errorf("the image of a replica is %s", got)
		}
	}
	job := mpijobtest.MakeMPIJob("", s.namespaces[1]).Obj()
	job.GenerateName = "probe-"
	if job = suite.Create(t, product.Client, job); job.Labels[label] != "soak" {
		t.Errorf("the labels of a job are %v", job.Labels)
	}
}

// evictBoth evicts both replicas, as kubectl drain does.
func evictBoth(t *testing.T) func(*testing.T) {
	old := awaitReplicas(t, 2, anyReplica)
	if err := evict(t, old[0]); err != nil {
		t.Fatalf("the first replica is not evicted: %s", err)
	}
	if err := evict(t, old[1]); !apierrors.IsTooManyRequests(err) {
		t.Errorf("the other replica is evicted at once: %v", err)
	}
	suite.Eventually(t, "the other replica is evicted", suite.Soon, func() error { return evict(t, old[1]) })
	areGone(t, old)
	areReady(t)
	return nil
}

func evict(t *testing.T, pod corev1.Pod) error {
	t.Helper()
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	if err := product.Release.Lab.Clients.PolicyV1().Evictions(pod.Namespace).Evict(t.Context(), eviction); err != nil {
		return fmt.Errorf("%s: %w", pod.Name, err)
	}
	return nil
}
