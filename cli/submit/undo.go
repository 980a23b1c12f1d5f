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

// takeBack deletes what this run created, the last first, and returns why, and what could not be
// deleted.
func (s *submission) takeBack(ctx context.Context, created []*unstructured.Unstructured, why error) error {
	if s.isDryRun() {
		return why
	}
	var left invocation.Failure
	for _, object := range slices.Backward(created) {
		resource := kube.ResourceOf(object)
		if err := s.client.Delete(ctx, resource, object); err != nil {
			left = append(left, fmt.Sprintf("%s %s could not be deleted again: %s; run: kubectl delete %s -n %s %s",
				object.GetKind(), object.GetName(), s.client.Explain(err), resource.Resource, s.scope.Namespace, object.GetName()))
		}
	}
	if errors.Is(why, context.Canceled) {
		why = invocation.Failure{"interrupted: job " + created[0].GetName() + " was not submitted"}
	}
	if len(left) == 0 {
		return why
	}
	return append(invocation.Failure{s.explain(why).Error()}, left...)
}

// companionFailed keeps the error of a name that is taken apart from all others: a generated name may
// then be followed by the next.
func (s *submission) companionFailed(object *unstructured.Unstructured, err error) error {
	flag, what, taken := "--pvc", "the claim "+object.GetName(),
		fmt.Sprintf("exists already, with somebody's data: mount it with --pvc %s:/path, or write another --name", object.GetName())
	if object.GetKind() == "Secret" {
		flag, what, taken = "--git-sync", "the Secret "+object.GetName(),
			"exists already: write another --name, or secret="+object.GetName()+" to use it"
	}
	switch {
	case apierrors.IsAlreadyExists(err) && s.GivenName() == "":
		return err
	case apierrors.IsAlreadyExists(err):
		return invocation.Failure{fmt.Sprintf("%s: %s %s", flag, what, taken)}
	case errors.Is(err, kube.ErrUnknown):
		return invocation.Failure{s.client.Explain(err),
			fmt.Sprintf("%s may have been created: look with kubectl get %s -n %s", what, kube.ResourceOf(object).Resource, s.scope.Namespace)}
	case errors.Is(err, context.Canceled):
		return err
	}
	return invocation.Failure{fmt.Sprintf("%s: %s cannot be created: %s", flag, what, s.client.Explain(err))}
}

// notAdmitted says what becomes of a job that no webhook has admitted: its pods would never be scheduled,
// and what only a webhook can do would be lost.
func (s *submission) notAdmitted(name string) string {
	lost := "the job would never start"
	if flags := s.request.needsWebhook; len(flags) > 0 {
		lost = strings.Join(flags, ", ") + " would have been lost, and the job would never start"
	}
	return fmt.Sprintf("job %s was not submitted: no webhook of runai-mpi acts in namespace %s, so %s; "+
		"ask your administrator to install the chart runai-mpi, or to label the namespace with its project (%s)",
		name, s.scope.Namespace, lost, kube.ProjectLabel)
}
