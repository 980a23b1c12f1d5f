package e2e

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var submissions = flag.Int("submissions", 20, "Submissions a second while replicas of the webhook change.")

// some jobs are created before and after each change.
const some = 20

// A load creates suspended jobs, while what admits them changes.
type load struct {
	*suite.Load
	namespace string
}

func startLoad(t *testing.T, project string) *load {
	t.Helper()
	lab.Require(t)
	namespace := product.AddProject(t, project, v1alpha1.ProjectSpec{})
	l := &load{namespace: namespace, Load: product.StartLoad(t, *submissions, func() *v2beta1.MPIJob {
		return mpijobtest.MakeMPIJob("", namespace).Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").
			Job(func(job *v2beta1.MPIJob) {
				suspended := true
				job.GenerateName, job.Spec.RunPolicy.Suspend = "dist-", &suspended
			}).Obj()
	})}
	t.Cleanup(func() {
		_, _, err := product.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "namespace", namespace, "--wait=false")
		if err != nil {
			t.Error(err)
		}
	})
	l.Await(t, some)
	return l
}

// during is the load's phase in which something happens.
func (l *load) during(t *testing.T, phase string, happens func()) {
	t.Helper()
	l.Enter(phase, *submissions)
	l.Settle(t)
	happens()
	l.Await(t, some)
}

// end stops the load, and asserts that no creation failed, unless it began in one of the phases and failed because
// the replica that was called was gone.
func (l *load) end(t *testing.T, gone ...string) {
	t.Helper()
	l.Stop()
	t.Log(l)
	mayFail := map[string]bool{}
	for _, phase := range gone {
		mayFail[phase] = true
	}
	for _, phase := range l.Phases() {
		failures := slices.DeleteFunc(phase.Failures(), func(err error) bool {
			return mayFail[phase.Name] && apierrors.IsInternalError(err)
		})
		if len(failures) > 0 {
			t.Errorf("%s: %d creations failed, the first: %s", phase.Name, len(failures), failures[0])
		}
	}
}

// replicas returns the pods of the webhook that are not being deleted.
func replicas(t *testing.T) []corev1.Pod {
	t.Helper()
	var all []corev1.Pod
	for _, pod := range product.Pods(t, chart.Namespace, client.MatchingLabels{"app.kubernetes.io/name": chart.Release}) {
		if pod.DeletionTimestamp == nil {
			all = append(all, pod)
		}
	}
	return all
}

// areGone waits until pods of the webhook have ended.
func areGone(t *testing.T, pods []corev1.Pod) {
	t.Helper()
	suite.Eventually(t, "the old replicas end", suite.Soon*2, func() error {
		left := map[types.UID]bool{}
		for _, pod := range product.Pods(t, chart.Namespace) {
			left[pod.UID] = true
		}
		for _, pod := range pods {
			if left[pod.UID] {
				return fmt.Errorf("%s is still there", pod.Name)
			}
		}
		return nil
	})
}

func isReady(pod corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// awaitReplicas waits until so many replicas are ready that the function accepts, and returns them.
func awaitReplicas(t *testing.T, want int, accept func(corev1.Pod) bool) (ready []corev1.Pod) {
	t.Helper()
	suite.Eventually(t, "the replicas are ready", suite.Soon*2, func() error {
		ready = slices.DeleteFunc(replicas(t), func(pod corev1.Pod) bool { return !isReady(pod) || !accept(pod) })
		if len(ready) != want {
			return fmt.Errorf("%d of %d replicas are ready", len(ready), want)
		}
		return nil
	})
	return ready
}

func anyReplica(corev1.Pod) bool { return true }
