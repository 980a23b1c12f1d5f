package main

import (
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A job that is submitted as it is stored has nothing that says whose the old one is.
func TestResubmitStored(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.job("odd", func(job *v2beta1.MPIJob) {
		worker := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template.Spec
		worker.Containers = append(worker.Containers, corev1.Container{Name: "second", Image: "y"})
		job.Annotations = map[string]string{
			"run.ai/submitted-by": "mallory", "run.ai/git-sync-secret": "odd-git-sync", "example.com/note": "kept",
			"kubectl.kubernetes.io/last-applied-configuration": "{}", "argocd.argoproj.io/tracking-id": "app:x", "meta.helm.sh/release-name": "x",
		}
		job.Labels = map[string]string{"kueue.x-k8s.io/queue-name": "kept"}
		job.GenerateName, job.Finalizers = "odd-", []string{"example.com/held"}
		job.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: "1"}}
		job.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "mallory"}}
		condition(v2beta1.JobFailed, "")(job)
	})
	cmd := c.start(t, "resubmit", "odd", "--dry-run")
	if code := <-cmd.code; code != 0 {
		t.Fatalf("exit code %d: %s", code, cmd.stderr)
	}
	head, _, _ := strings.Cut(cmd.stdout.String(), "spec:")
	if want := "apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\nmetadata:\n  annotations:\n    example.com/note: kept\n    run.ai/git-sync-secret: odd-git-sync\n" +
		"  labels:\n    kueue.x-k8s.io/queue-name: kept\n  name: odd-0\n  namespace: runai-team-a\n"; head != want || strings.Contains(cmd.stdout.String(), "status:") {
		t.Errorf("got %s", cmd.stdout)
	}
	says(t, cmd.stderr, "Warning: the new job uses Secret \"odd-git-sync\", which may be deleted with job \"odd\"\n")
	for _, test := range []struct{ args, want string }{
		{"--name A_b", `invalid value "A_b" for --name: must `},
		{"--name " + strings.Repeat("a", 60), `invalid value "aaaaa`},
		{"--attach --wait", "--wait and --attach cannot be used together\n"},
		{"--name a --job-name-prefix b", "--job-name-prefix and --name cannot be used together\n"},
		{"--timeout 1h", "--timeout requires --wait or --attach\n"},
		{"--wait --timeout 0", `invalid value "0" for --timeout: `},
		{"--request-timeout x", `invalid value "x" for --request-timeout: `},
	} {
		cmd := c.start(t, strings.Fields("resubmit odd --dry-run "+test.args)...)
		if code := <-cmd.code; code != 2 || !strings.HasPrefix(cmd.stderr.String(), "runai: "+test.want) || cmd.stdout.String() != "" {
			t.Errorf("%s: exit code %d, %s", test.args, code, cmd.stderr)
		}
	}
}
