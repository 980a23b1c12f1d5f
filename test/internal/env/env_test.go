package env_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

var cluster *env.Env

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		startAndWait()
	}
	os.Exit(env.Main(env.Options{ControllerManager: true, Scheduler: true}, func(e *env.Env) (int, error) {
		cluster = e
		return m.Run(), nil
	}))
}

// An MPIJob becomes pods, which the scheduler binds to a node, unless they are gated; with the job
// its pods go.
func TestMPIJobBecomesPods(t *testing.T) {
	resources := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("100")}
	if err := cluster.AddNode(t.Context(), "node", nil, resources); err != nil {
		t.Fatal(err)
	}
	clients, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, mpijobtest.MakeMPIJob("free", "default").Workers(2).Obj())
	apply(t, mpijobtest.MakeMPIJob("gated", "default").Workers(2).Gate(annotations.AdmissionGate).Obj())
	bound := func(job string, want int) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			pods, err := clients.CoreV1().Pods("default").List(ctx, listOf(job))
			n := 0
			for _, pod := range pods.Items {
				if pod.Spec.NodeName == "node" {
					n++
				}
			}
			return len(pods.Items) == 3 && n == want, err
		}
	}
	await(t, "the pods of job free are bound", bound("free", 3))
	await(t, "the pods of job gated are not", bound("gated", 0))
	kubectl(t, nil, "delete", "mpijob", "gated", "--wait=false")
	await(t, "the pods of job gated are gone", func(ctx context.Context) (bool, error) {
		pods, err := clients.CoreV1().Pods("default").List(ctx, listOf("gated"))
		return len(pods.Items) == 0, err
	})
}

func TestUserMayDoNothingYet(t *testing.T) {
	user, err := cluster.AddUser("bob")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = user.Kubectl(t.Context(), nil, "get", "pods")
	if err == nil || !strings.Contains(err.Error(), `User "bob" cannot list`) {
		t.Errorf("got %v", err)
	}
}

func apply(t *testing.T, job *v2beta1.MPIJob) {
	t.Helper()
	text, err := yaml.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, text, "create", "-f", "-")
}

func kubectl(t *testing.T, stdin []byte, args ...string) {
	t.Helper()
	if _, _, err := cluster.Kubectl(t.Context(), bytes.NewReader(stdin), args...); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, condition wait.ConditionWithContextFunc) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, condition); err != nil {
		t.Fatalf("%s: %s", what, err)
	}
}

func listOf(job string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: v2beta1.JobNameLabel + "=" + job}
}
