package integration

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// dgx is a project of which training and interactive jobs run on different nodes.
var dgx = v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}, Interactive: []string{"t4", "v100"}}}

// refused creates a job and returns the causes of its refusal.
func refused(t *testing.T, job *v2beta1.MPIJob) []string {
	t.Helper()
	err := product.Client.Create(t.Context(), job)
	if !apierrors.IsInvalid(err) {
		t.Fatalf("got %v", err)
	}
	var causes []string
	for _, cause := range err.(apierrors.APIStatus).Status().Details.Causes {
		causes = append(causes, cause.Field+": "+cause.Message)
	}
	return causes
}

// pods are those of a job, when the operator and the Job controller made them: the launcher, and the
// workers in their order.
type pods struct {
	launcher corev1.Pod
	workers  []corev1.Pod
}

func (p pods) all() []corev1.Pod { return append([]corev1.Pod{p.launcher}, p.workers...) }

func podsOf(t *testing.T, job *v2beta1.MPIJob) pods {
	t.Helper()
	var found pods
	want := int(*job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Replicas)
	suite.Eventually(t, job.Name+" has its pods", time.Minute, func() error {
		found = sorted(product.Pods(t, job.Namespace, client.MatchingLabels{v2beta1.JobNameLabel: job.Name}))
		if found.launcher.Name == "" || len(found.workers) != want {
			return fmt.Errorf("it has launcher %q and %d workers", found.launcher.Name, len(found.workers))
		}
		return nil
	})
	return found
}

func sorted(list []corev1.Pod) pods {
	var found pods
	for _, pod := range list {
		if pod.Labels[v2beta1.JobRoleLabel] == "worker" {
			found.workers = append(found.workers, pod)
		} else {
			found.launcher = pod
		}
	}
	slices.SortFunc(found.workers, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// envOf is the environment of the main container, without what the operator adds.
func envOf(pod corev1.Pod) map[string]string {
	env := map[string]string{}
	for _, variable := range pod.Spec.Containers[0].Env {
		env[variable.Name] = variable.Value
	}
	return env
}

// nodeTypes is what a pod's required node affinity says of the node type.
func nodeTypes(pod corev1.Pod) string {
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	var text bytes.Buffer
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, expression := range term.MatchExpressions {
			fmt.Fprintf(&text, "%s %s %s;", expression.Key, expression.Operator, strings.Join(expression.Values, ","))
		}
	}
	return text.String()
}
