package main

import (
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestWait(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	c.pod("dist1", "dist1-worker-0", runs)
	c.pod("dist1", "dist1-launcher-a", waits)
	running := c.start(t, "wait", "dist1", "--for", "running")
	deleted := c.start(t, "wait", "dist1", "--for=delete")
	end := c.start(t, "wait", "dist1")
	says(t, end.stderr, "dist1: 1 of 2 pods are running; ContainerCreating: the pods are starting.\n")
	c.pod("dist1", "dist1-launcher-a", runs)
	says(t, end.stderr, "dist1: Running, 2 of 2 pods are running\n")
	running.ends(t, 0, "Job dist1 is running.\n", "")
	c.job("dist1", condition(v2beta1.JobSucceeded, ""))
	end.ends(t, 0, "Job dist1 succeeded.\n", "")
	c.start(t, "wait", "dist1", "--for", "condition=Running").ends(t, 0, "Job dist1 succeeded.\n", "")
	c.remove("mpijobs", "dist1")
	deleted.ends(t, 0, "Job dist1 is deleted.\n", "")
	c.start(t, "wait", "dist1", "--for", "deleted").ends(t, 0, "", "job \"dist1\" does not exist\n") // as kubectl wait --for=delete
}

// The end of the output of a job that failed is printed as it is, with a line end.
func TestWaitForFailure(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	for _, name := range []string{"dist1", "dist2", "dist3"} {
		c.job(name, nil)
	}
	c.logs["dist2-launcher-a"] = sends(0, 2, nil)
	c.pod("dist2", "dist2-launcher-a", exited(3))
	c.job("dist2", condition(v2beta1.JobFailed, "Job has reached the specified backoff limit"))
	c.job("dist3", condition(v2beta1.JobSucceeded, ""))
	cmd := c.start(t, "wait", "dist3", "dist2", "dist1", "dist2", "-p", "team-a")
	says(t, cmd.stderr, "2 of 3 jobs are done; dist1: 0 of 2 pods are running; Pending: ")
	c.remove("mpijobs", "dist1")
	cmd.ends(t, 1, "Job dist3 succeeded.\n",
		"runai: job \"dist2\" failed: the launcher exited with code 3. See 'runai logs dist2 -p team-a'.\nrunai: job \"dist1\" was deleted\n")
	says(t, cmd.stderr, "Last lines of dist2-launcher-a:\n"+logLine(0)+logLine(1))
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	const pending = "0 of 2 pods are running; Pending: the MPI Operator has not created the pods yet. " +
		"If this takes more than a minute, ask your administrator whether the MPI Operator is running.\n"
	c.start(t, "wait", "dist1", "--timeout", "1500ms", "--for", "running").ends(t, 1, "",
		"runai: timed out after 1.5s: job \"dist1\" is not running: "+pending)
	cmd := c.start(t, "wait", "dist1", "--for", "running")
	says(t, cmd.stderr, "dist1: "+pending)
	cmd.cancel()
	cmd.ends(t, 130, "", "runai: interrupted: job \"dist1\" was not deleted; wait again with 'runai wait dist1 --for running'\n")
	c.start(t, "wait", "dist1", "dist2").ends(t, 1, "", "runai: job \"dist2\" not found in project \"team-a\": use -p if it is in another project\n")
	c.start(t, "wait", "dist1", "--for", "ready", "--timeout=0").ends(t, 2, "",
		"runai: invalid value \"ready\" for --for: must be running, finished or deleted\n"+
			"runai: invalid value \"0\" for --timeout: must be a duration above 0, for example 2h\n")
}

// A job that is created again while somebody waits is another job.
func TestWaitForAnother(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", nil)
	cmd := c.start(t, "wait", "dist1")
	says(t, cmd.stderr, "dist1: ")
	c.server.CloseClientConnections()
	c.job("dist1", func(job *v2beta1.MPIJob) { job.UID = "another" })
	cmd.ends(t, 1, "", "runai: job \"dist1\" was deleted\n")
}

// The pods of a deleted job, which are still ending, are not those of a new job with its name.
func TestFormerPods(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("dist1", func(job *v2beta1.MPIJob) { job.CreationTimestamp = metav1.NewTime(time.Now().Add(time.Minute)) })
	c.pod("dist1", "dist1-launcher-a", runs)
	c.pod("dist1", "dist1-worker-0", runs)
	running := c.start(t, "wait", "dist1", "--for", "running")
	says(t, running.stderr, "dist1: 0 of 2 pods are running; ")
	c.start(t, "bash", "dist1").ends(t, 1, "", "runai: job \"dist1\" has no launcher. Pending: the MPI Operator has not created the pods yet. "+
		"If this takes more than a minute, ask your administrator whether the MPI Operator is running.\n")
	c.put("pods", later(c.get("pods", "dist1-launcher-a"), "dist1-launcher-b"))
	running.ends(t, 0, "Job dist1 is running.\n", "")
}

// later returns a pod as it is created again.
func later(object metav1.Object, name string) *corev1.Pod {
	pod := object.(*corev1.Pod).DeepCopy()
	pod.Name, pod.UID, pod.CreationTimestamp = name, types.UID(name), metav1.NewTime(time.Now().Add(time.Hour))
	return pod
}
