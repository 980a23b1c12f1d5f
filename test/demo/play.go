package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

type demo struct{ product *install.Product }

const annotated = `apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata:
  name: plain
  namespace: runai-team-b
  annotations:
    run.ai/gpu: "2"
    run.ai/node-type: v100
spec:
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      template:
        spec:
          containers:
          - {name: mpi, image: example/train, args: [mpirun, train]}
    Worker:
      replicas: 2
      template:
        spec:
          containers:
          - {name: mpi, image: example/train}
`

// play runs the steps of the demo.
func (d *demo) play(ctx context.Context) error {
	title("1. The documentation's example")
	if err := d.submit(ctx, "team-a", "dist1", 3, "--name", "dist1", "-p", "team-a", "--processes=2", "-g", "1",
		"-i", "gcr.io/run-ai-demo/quickstart-distributed"); err != nil {
		return err
	}
	title("2. A richer job: a fraction of a GPU, shared memory, an interactive session")
	if err := d.submit(ctx, "team-a", "session", 3, "session", "-p", "team-a", "--processes=2", "-g", "0.5", "--large-shm=2Gi",
		"--interactive", "-e", "NCCL_DEBUG=INFO", "-i", "example/train", "--command", "--", "mpirun", "python", "train.py"); err != nil {
		return err
	}
	title("3. An annotated MPIJob in another project, created without runai")
	if err := d.create(ctx, annotated); err != nil {
		return err
	}
	if err := d.explain(ctx, "team-b", []byte(annotated)); err != nil {
		return err
	}
	if err := d.pods(ctx, "runai-team-b", "plain", 3); err != nil {
		return err
	}
	title("4. A job that cannot run is refused with every reason, and is not stored")
	return d.refused(ctx, "greedy", "-p", "team-a", "--node-type", "a100", "--host-network", "-i", "example/train")
}

// submit shows what is sent, what each policy does to it, what the cluster stored, and the pods.
func (d *demo) submit(ctx context.Context, project, name string, pods int, args ...string) error {
	sent, err := d.command(ctx, append([]string{"submit-mpi", "--dry-run=client", "--loglevel=warn"}, args...)...).Output()
	if err != nil {
		return err
	}
	if err := d.runai(ctx, append([]string{"submit-mpi"}, args...)...); err != nil {
		return err
	}
	say("What was sent:\n%s", indent(string(sent)))
	if err := d.explain(ctx, project, sent); err != nil {
		return err
	}
	say("What the cluster stored:")
	if err := d.runai(ctx, "describe", "job", name, "-p", project, "-o", "yaml"); err != nil {
		return err
	}
	return d.pods(ctx, "runai-"+project, name, pods)
}

// create creates the object in a manifest, as the administrator.
func (d *demo) create(ctx context.Context, manifest string) error {
	say("%s", indent(manifest))
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), object); err != nil {
		return err
	}
	return d.product.Client.Create(ctx, object)
}

// pods waits until the operator and the Job controller have created the pods of a job, and shows them.
func (d *demo) pods(ctx context.Context, namespace, job string, want int) error {
	var pods corev1.PodList
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		err := d.product.Client.List(ctx, &pods, client.InNamespace(namespace),
			client.MatchingLabels{"training.kubeflow.org/job-name": job})
		return len(pods.Items) == want, err
	})
	if err != nil {
		return fmt.Errorf("job %s has %d of its %d pods: %w", job, len(pods.Items), want, err)
	}
	say("Its pods:\n%s", indent(podTable(pods.Items)))
	return nil
}

// refused shows a refusal, and that the job is not stored.
func (d *demo) refused(ctx context.Context, args ...string) error {
	show("runai submit-mpi", args)
	cmd := d.command(ctx, append([]string{"submit-mpi"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) {
		return fmt.Errorf("the job was not refused: %w", err)
	}
	say("%s", indent(stderr.String()))
	return d.runai(ctx, "list", "-A")
}
