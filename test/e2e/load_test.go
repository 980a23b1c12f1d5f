package e2e

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var submissions = flag.Int("submissions", 20, "Submissions a second while replicas of the webhook change.")

// storedPerSecond is how many jobs a second are stored at most. To store, watch and delete one takes more CPU time of two
// cores than to admit it.
const storedPerSecond = 10

// some jobs are created before and after each change.
const some = 20

// A load creates jobs that nobody acts on, while what admits them changes. Three people create them, each in a project.
type load struct {
	*suite.Load
	namespaces []string
}

// startLoad keeps as many jobs, or all of them.
func startLoad(t *testing.T, project string, keep int) *load {
	t.Helper()
	lab.Require(t)
	l := &load{}
	var users []*env.User
	for i, person := range []map[string]any{claims, bobs, carols} {
		spec := v1alpha1.ProjectSpec{Queue: project}
		if i == 0 {
			spec.Identity = v1alpha1.IdentityRequired
		}
		namespace := product.AddProject(t, fmt.Sprint(project, "-", i), spec)
		l.namespaces, users = append(l.namespaces, namespace), append(users, login(t, namespace, person))
	}
	t.Cleanup(func() {
		args := append([]string{"delete", "namespace", "--wait=false"}, l.namespaces...)
		if _, _, err := product.Kubectl(context.WithoutCancel(t.Context()), nil, args...); err != nil {
			t.Error(err)
		}
	})
	l.Load = product.StartLoad(t, suite.LoadOptions{
		PerSecond: *submissions, StoredPerSecond: min(*submissions, storedPerSecond), Users: users, Keep: keep,
		Job: func(n int) *v2beta1.MPIJob { return makeIdleJob(l.namespaces[n%len(l.namespaces)]) },
	})
	l.Await(t, some)
	return l
}

// makeIdleJob returns a job that is suspended, and that the operator leaves to somebody else.
func makeIdleJob(namespace string) *v2beta1.MPIJob {
	return mpijobtest.MakeMPIJob("", namespace).
		Annotation(annotations.GitSyncKey, "source=https://git.example.com/code").
		Annotation(annotations.RunAsUserKey, "true").
		Job(func(job *v2beta1.MPIJob) {
			suspended, manager := true, v2beta1.MultiKueueController
			job.GenerateName = "dist-"
			job.Spec.RunPolicy.Suspend, job.Spec.RunPolicy.ManagedBy = &suspended, &manager
		}).Obj()
}

// during is the load's phase in which something happens.
func (l *load) during(t *testing.T, phase string, happens func()) {
	t.Helper()
	l.Enter(phase, *submissions)
	l.Settle(t)
	happens()
	l.Await(t, some)
}

// isSilence reports whether a creation failed because the webhook did not answer.
func isSilence(err error) bool { return strings.Contains(err.Error(), "failed calling webhook") }

// end stops the load, and asserts that no creation failed, unless it began in one of the phases and failed because
// the replica that was called was gone.
func (l *load) end(t *testing.T, gone ...string) {
	t.Helper()
	l.Stop()
	t.Log(l)
	for _, phase := range l.Phases() {
		l.mayFail(t, phase, slices.Contains(gone, phase.Name))
	}
}

// mayFail asserts that no creation of a phase failed, or only because the replica that was called was gone.
func (l *load) mayFail(t *testing.T, phase *suite.Phase, gone bool) {
	t.Helper()
	failures := slices.DeleteFunc(phase.Failures(), func(err error) bool { return gone && isSilence(err) })
	if len(failures) > 0 {
		t.Errorf("%s: %d creations failed, the first: %s", phase.Name, len(failures), failures[0])
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
