package main

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	suspend := func(on bool) func(*v2beta1.MPIJob) {
		return func(job *v2beta1.MPIJob) { job.Spec.RunPolicy.Suspend = &on }
	}
	queue := func(job *v2beta1.MPIJob) {
		metav1.SetMetaDataLabel(&job.ObjectMeta, "kueue.x-k8s.io/queue-name", "research")
	}
	c.job("runs", nil)
	c.job("held", suspend(true))
	c.job("queued", suspend(true))
	c.job("queued", queue)
	workload := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload"}}
	workload.SetName("of-queued")
	c.put("workloads", workload)
	c.job("admitted", suspend(false))
	c.job("admitted", queue)
	c.job("ended", suspend(true))
	c.job("ended", condition(v2beta1.JobFailed, ""))
	now := metav1.Now()
	c.job("leaving", func(job *v2beta1.MPIJob) { job.DeletionTimestamp = &now })
	const undone = "would undo the change"
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"suspend", "runs", "held", "runs"}, 0, "Job runs suspended: its pods are being deleted. Resume it with 'runai resume runs'.\n" +
			"Job held is already suspended. Resume it with 'runai resume held'.\n" +
			"Job runs is already suspended. Resume it with 'runai resume runs'.\n", ""},
		{[]string{"resume", "-p", "team-a", "runs", "absent", "held"}, 1, "Job runs resumed: it starts from the beginning, in new pods.\n" +
			"Job held resumed: it starts from the beginning, in new pods.\n",
			"runai: job \"absent\" not found in project \"team-a\": use -p if it is in another project\n"},
		{[]string{"resume", "runs", "admitted"}, 0, "Job runs is not suspended. Its status is Pending.\nJob admitted is not suspended. Its status is Pending.\n", ""},
		{[]string{"mpi", "resume", "queued"}, 1, "", "runai: job \"queued\" cannot be resumed by hand: Kueue queue research resumes it when its turn comes, and " +
			undone + "; see 'runai describe job queued'\n"},
		{[]string{"mj", "suspend", "admitted"}, 1, "", "runai: job \"admitted\" cannot be suspended by hand: Kueue queue research starts and stops it, and " +
			undone + "; to stop it for good, use 'runai delete job admitted'\n"},
		{[]string{"resume", "ended", "leaving"}, 1, "", "runai: job \"ended\" cannot be resumed: it has failed\n" +
			"runai: job \"leaving\" cannot be resumed: it is being deleted\n"},
		{[]string{"suspend", "queued"}, 0, "Job queued is already suspended, by queue research.\n", ""},
		{[]string{"suspend", "ended"}, 1, "", "runai: job \"ended\" cannot be suspended: it has failed\n"},
	} {
		c.start(t, test.args...).ends(t, test.code, test.stdout, test.stderr)
	}
}
