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

// dgx is a project whose training and interactive jobs run on different node types.
var dgx = v1alpha1.ProjectSpec{NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}, Interactive: []string{"t4", "v100"}}}

// refused asserts that the creation of a job is refused, and returns the causes.
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

// pods are the launcher of a job, and its workers sorted by name.
type pods struct {
	launcher corev1.Pod
	workers  []corev1.Pod
}

func (p pods) all() []corev1.Pod { return append([]corev1.Pod{p.launcher}, p.workers...) }

// podsOf waits until the operator and the Job controller have created all pods of a job.
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

// envOf returns the environment of the main container.
func envOf(pod corev1.Pod) map[string]string {
	env := map[string]string{}
	for _, variable := range pod.Spec.Containers[0].Env {
		env[variable.Name] = variable.Value
		if from := variable.ValueFrom; from != nil && from.FieldRef != nil {
			key := strings.TrimSuffix(strings.TrimPrefix(from.FieldRef.FieldPath, "metadata.annotations['"), "']")
			env[variable.Name] = pod.Annotations[key]
		}
	}
	return env
}

// nodeTypes returns the expressions in a pod's required node affinity.
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
