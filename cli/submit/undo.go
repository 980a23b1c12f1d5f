package submit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// cleanupTime bounds what is done after an interruption.
const cleanupTime = 10 * time.Second

// takeBack deletes a job that no webhook has judged: its pods would never be scheduled, and what only
// a webhook can do would be lost.
func (s *submission) takeBack(ctx context.Context, job *unstructured.Unstructured) error {
	failure := invocation.Failure{s.unjudged(job.GetName())}
	if s.DryRun != "server" {
		failure = append(failure, s.delete(ctx, job)...)
	}
	return failure
}

func (s *submission) unjudged(name string) string {
	lost := "the job would never start"
	if flags := s.lost(); len(flags) > 0 {
		lost = strings.Join(flags, ", ") + " would have been lost, and the job would never start"
	}
	return fmt.Sprintf("job %s was not submitted: no webhook of runai-mpi acts in namespace %s, so %s; "+
		"ask your administrator to install the chart runai-mpi, or to label the namespace with its project (%s)",
		name, s.namespace, lost, kube.ProjectLabel)
}

// lost lists what only a webhook can do, as the user asked for it.
func (s *submission) lost() []string {
	var flags []string
	for _, flag := range []struct{ name, value string }{
		{"--gpu", s.GPU}, {"--gpu-memory", s.GPUMemory}, {"--large-shm", string(s.LargeShm)}, {"--node-type", s.NodeType},
	} {
		switch flag.value {
		case "", "false":
		case "true":
			flags = append(flags, flag.name)
		default:
			flags = append(flags, flag.name+" "+flag.value)
		}
	}
	if s.Interactive {
		flags = append(flags, "--interactive")
	}
	return flags
}

// delete removes what this run created, also after an interruption, and says so if it cannot.
func (s *submission) delete(ctx context.Context, job *unstructured.Unstructured) []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	err := s.client.Delete(ctx, s.namespace, job.GetName(), job.GetUID())
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return []string{fmt.Sprintf("it could not be deleted again: %s; run: kubectl delete mpijob -n %s %s", s.client.Explain(err), s.namespace, job.GetName())}
}

// recover finds out what became of a creation without an answer. A job of this run counts as created,
// unless the user gave up; then it is deleted.
func (s *submission) recover(ctx context.Context, name string, lost error) (*unstructured.Unstructured, error) {
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	for pause := firstPause; pause <= lastPause; pause *= 2 {
		job, err := s.client.Get(cleanup, s.namespace, name)
		switch {
		case err == nil && !s.client.IsOurs(job):
			return nil, apierrors.NewAlreadyExists(v2beta1.Resource("mpijobs"), name)
		case err == nil && ctx.Err() != nil:
			return nil, append(invocation.Failure{"interrupted: job " + name + " was not submitted"}, s.delete(ctx, job)...)
		case err == nil:
			return job, nil
		case !apierrors.IsNotFound(err):
			return nil, s.unknown(name, err)
		}
		sleep(cleanup, pause) // the creation may still be on its way
	}
	return nil, lost
}

func (s *submission) unknown(name string, err error) error {
	return invocation.Failure{
		s.client.Explain(err),
		fmt.Sprintf("job %s may have been created: look with kubectl get mpijob -n %s %s; its pods start only if it was admitted", name, s.namespace, name),
	}
}
