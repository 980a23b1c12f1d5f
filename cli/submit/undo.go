package submit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// takeBack deletes what this run created, in reverse order. It returns why, followed by what could not be
// deleted. The cluster deletes the Secret with the job that owns it: whoever may delete Secrets could put their own
// in the place of another job's.
func (s *submission) takeBack(ctx context.Context, created []*unstructured.Unstructured, why error) error {
	if s.isDryRun() {
		return why
	}
	var left invocation.Failure
	for _, object := range slices.Backward(created) {
		resource := kube.ResourceOf(object)
		if resource == kube.Secrets {
			continue
		}
		if err := s.client.Delete(ctx, resource, object, false); err != nil {
			left = append(left, fmt.Sprintf("cannot delete %s %q: %s; delete it with 'kubectl delete %s -n %s %s'",
				object.GetKind(), object.GetName(), s.client.Explain(err), resource.Resource, s.scope.Namespace, object.GetName()))
		}
	}
	if errors.Is(why, context.Canceled) {
		why = invocation.Failure{fmt.Sprintf("interrupted: job %q was not submitted", created[0].GetName())}
	}
	if len(left) == 0 {
		return why
	}
	return append(invocation.Failure{s.explain(why).Error()}, left...)
}

// companionFailed explains why an object of the job was not created. It returns the error of a taken name
// unchanged if the name was generated, so that the next one is tried.
func (s *submission) companionFailed(object *unstructured.Unstructured, err error) error {
	flag, what := "--pvc", fmt.Sprintf("claim %q", object.GetName())
	taken := fmt.Sprintf("already exists and may hold data; mount it with --pvc %s:PATH, or submit the job with another name", object.GetName())
	if object.GetKind() == "Secret" {
		flag, what = "--git-sync", fmt.Sprintf("Secret %q", object.GetName())
		taken = fmt.Sprintf("already exists; use it with secret=%s, or submit the job with another name", object.GetName())
	}
	switch {
	case apierrors.IsAlreadyExists(err) && s.GivenName() == "":
		return err
	case apierrors.IsAlreadyExists(err):
		return invocation.Failure{fmt.Sprintf("%s: %s %s", flag, what, taken)}
	case errors.Is(err, kube.ErrUnknown) && object.GetKind() != "Secret":
		return invocation.Failure{s.client.Explain(err), fmt.Sprintf("%s may have been created: check with 'kubectl get %s -n %s'",
			what, kube.ResourceOf(object).Resource, s.scope.Namespace)}
	case errors.Is(err, context.Canceled):
		return err
	}
	return invocation.Failure{fmt.Sprintf("cannot create %s of %s: %s", what, flag, s.client.Explain(err))}
}

// notAdmitted returns the error of a job that no webhook admitted: its pods would never be scheduled, and
// what only the webhook can do would be lost.
func (s *submission) notAdmitted(name string) string {
	lost := "the job would never start"
	if flags := s.request.needsWebhook; len(flags) > 0 {
		lost = strings.Join(flags, ", ") + " would be ignored"
	}
	return fmt.Sprintf("job %q was not submitted: %s", name, s.scope.Unhandled(", and "+lost))
}
