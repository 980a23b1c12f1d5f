package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

type demo struct{ product *install.Product }

const annotated = `apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata:
  name: plain
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

// play shows the acts of the demo.
func (d *demo) play(ctx context.Context) error {
	title("1. The documentation's example")
	if err := d.submit(ctx, "team-a", "dist1", 3, "--name", "dist1", "-p", "team-a", "--processes=2", "-g", "1",
		"-i", "gcr.io/run-ai-demo/quickstart-distributed"); err != nil {
		return err
	}
	title("2. A richer job: a share of a GPU, shared memory, an interactive session")
	if err := d.submit(ctx, "team-a", "session", 3, "session", "-p", "team-a", "--processes=2", "-g", "0.5", "--large-shm=2Gi",
		"--interactive", "-e", "NCCL_DEBUG=INFO", "-i", "example/train", "--command", "--", "mpirun", "python", "train.py"); err != nil {
		return err
	}
	title("3. A plain kubectl create of an annotated MPIJob, in another project")
	say("%s", indent(annotated))
	if err := d.kubectl(ctx, annotated, "create", "-n", "runai-team-b", "-f", "-"); err != nil {
		return err
	}
	if err := d.explain(ctx, "team-b", []byte(annotated)); err != nil {
		return err
	}
	if err := d.pods(ctx, "runai-team-b", "plain", 3); err != nil {
		return err
	}
	title("4. A job that cannot run is refused at once, with every reason; nothing is left of it")
	return d.refused(ctx, "greedy", "-p", "team-a", "--node-type", "a100", "--host-network", "-i", "example/train")
}

// submit shows what is sent, what each policy does to it, what the cluster stored, and the pods.
func (d *demo) submit(ctx context.Context, project, name string, pods int, args ...string) error {
	sent, err := d.output(ctx, d.product.Runai, append([]string{"submit-mpi", "--dry-run=client", "--loglevel=warn"}, args...)...)
	if err != nil {
		return err
	}
	command("runai submit-mpi", args)
	answer, err := d.output(ctx, d.product.Runai, append([]string{"submit-mpi"}, args...)...)
	if err != nil {
		return err
	}
	say("%s\nWhat was sent:\n%s", answer, indent(string(sent)))
	if err := d.explain(ctx, project, sent); err != nil {
		return err
	}
	namespace := "runai-" + project
	say("What the cluster stored:")
	if err := d.kubectl(ctx, "", "get", "mpijob", name, "-n", namespace, "-o", "yaml"); err != nil {
		return err
	}
	return d.pods(ctx, namespace, name, pods)
}

// pods waits until the operator and the Job controller have made them.
func (d *demo) pods(ctx context.Context, namespace, name string, want int) error {
	selector := "training.kubeflow.org/job-name=" + name
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		names, _, err := d.product.Kubectl(ctx, nil, "get", "pods", "-n", namespace, "-l", selector, "-o", "name")
		return strings.Count(names, "\n") == want, err
	})
	if err != nil {
		return fmt.Errorf("job %s has not got its %d pods: %w", name, want, err)
	}
	say("The pods that came of it:")
	return d.kubectl(ctx, "", "get", "pods", "-n", namespace, "-l", selector, "-o", "custom-columns="+
		"NAME:.metadata.name,"+
		"NODES:.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[*].matchExpressions[*].values,"+
		`GPUS:.spec.containers[0].resources.limits.nvidia\.com/gpu,GPU-FRACTION:.metadata.annotations.gpu-fraction,`+
		"SCHEDULER:.spec.schedulerName,GATES:.spec.schedulingGates")
}

// refused shows a refusal, and that nothing is left.
func (d *demo) refused(ctx context.Context, args ...string) error {
	command("runai submit-mpi", args)
	cmd := d.command(ctx, d.product.Runai, append([]string{"submit-mpi"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) {
		return fmt.Errorf("the job was not refused: %w", err)
	}
	say("%s", stderr.String())
	return d.kubectl(ctx, "", "get", "mpijobs", "-A")
}

func (d *demo) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.product.Kubeconfig())
	return cmd
}

func (d *demo) output(ctx context.Context, path string, args ...string) ([]byte, error) {
	cmd := d.command(ctx, path, args...)
	cmd.Stderr = os.Stderr
	return cmd.Output()
}
