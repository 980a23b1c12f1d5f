package env_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		startAndWait()
	}
	os.Exit(m.Run())
}

// TestEnv uses one environment for all subtests, because its start takes seconds.
func TestEnv(t *testing.T) {
	e := env.New(t, env.Options{ControllerManager: true, Scheduler: true})
	clients, err := kubernetes.NewForConfig(e.Config)
	if err != nil {
		t.Fatal(err)
	}
	cluster := &cluster{e, clients}
	t.Run("an MPIJob becomes pods", cluster.makesPods)
	t.Run("a user may do nothing yet", cluster.permitsNothing)
}

type cluster struct {
	*env.Env
	clients kubernetes.Interface
}

// makesPods checks that an MPIJob gets pods, that the scheduler binds them unless they are gated, and that they
// are deleted with the job.
func (c *cluster) makesPods(t *testing.T) {
	resources := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("100")}
	if err := c.AddNode(t.Context(), "node", nil, resources); err != nil {
		t.Fatal(err)
	}
	c.create(t, mpijobtest.MakeMPIJob("free", "default").Workers(2).Obj())
	c.create(t, mpijobtest.MakeMPIJob("gated", "default").Workers(2).Gate(annotations.AdmissionGate).Obj())
	suite.Eventually(t, "the pods of job free are bound", time.Minute, func() error { return c.hasPods(t, "free", 3, 3) })
	suite.Eventually(t, "the pods of job gated are not bound", time.Minute, func() error { return c.hasPods(t, "gated", 3, 0) })
	suite.Kubectl(t, c.User, "", "delete", "mpijob", "gated", "--wait=false")
	suite.Eventually(t, "the pods of job gated are gone", time.Minute, func() error { return c.hasPods(t, "gated", 0, 0) })
}

func (c *cluster) permitsNothing(t *testing.T) {
	user, err := c.AddUser("bob")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = user.Kubectl(t.Context(), nil, "get", "pods")
	if err == nil || !strings.Contains(err.Error(), `User "bob" cannot list`) {
		t.Errorf("got %v", err)
	}
}

func (c *cluster) create(t *testing.T, job *v2beta1.MPIJob) {
	t.Helper()
	text, err := yaml.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	suite.Kubectl(t, c.User, string(text), "create", "-f", "-")
}

// hasPods returns an error unless a job has want pods, and wantBound of them are bound.
func (c *cluster) hasPods(t *testing.T, job string, want, wantBound int) error {
	t.Helper()
	pods, err := c.clients.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{LabelSelector: v2beta1.JobNameLabel + "=" + job})
	if err != nil {
		return err
	}
	bound := 0
	for _, pod := range pods.Items {
		if pod.Spec.NodeName == "node" {
			bound++
		}
	}
	if len(pods.Items) != want || bound != wantBound {
		return fmt.Errorf("there are %d pods, %d of them bound", len(pods.Items), bound)
	}
	return nil
}
