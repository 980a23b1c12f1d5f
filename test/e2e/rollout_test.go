package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// While replicas are replaced by others with another image and cluster policy, no creation fails.
func TestRollOut(t *testing.T) {
	lab.Require(t)
	if err := product.Release.PushImage(t.Context(), "next", "VERSION=next"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() { // otherwise, the last change took both back
			_ = product.Release.Upgrade(context.WithoutCancel(t.Context()))
		}
	})
	l := startLoad(t, "rollout")
	imageAndPolicy := []string{"--set-string", "image.tag=next", "--set", "policy.scheduling.queueLabel=kai.scheduler/queue",
		"--set", "policy.scheduling.schedulerName=another", "--set", "policy.gitSync.image=example/git-sync:v5"}
	for _, change := range []struct {
		name         string
		args         []string
		image, label string // afterwards
	}{
		{"changed", imageAndPolicy, ":next", "kai.scheduler/queue"},
		{"back", nil, ":lab", "kueue.x-k8s.io/queue-name"},
	} {
		old := replicas(t)
		l.during(t, change.name, func() {
			if err := product.Release.Upgrade(t.Context(), change.args...); err != nil {
				t.Fatal(err)
			}
			areGone(t, old)
		})
		job := suite.Create(t, product.Client, mpijobtest.MakeMPIJob(change.name, l.namespace).Obj())
		image := awaitReplicas(t, len(old), anyReplica)[0].Spec.Containers[0].Image
		if job.Labels[change.label] != "rollout" || !strings.HasSuffix(image, change.image) {
			t.Errorf("%s: the labels of a job are %v, and the replicas' image is %s", change.name, job.Labels, image)
		}
	}
	l.end(t)
	if l.Phase("changed").Answers(http.StatusServiceUnavailable) == 0 {
		t.Error("no creation was tried again: old and new replicas never served together")
	}
}
