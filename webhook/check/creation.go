package check

import (
	"context"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
)

// tryCreation creates a job by a dry run: the API server calls its webhooks, and stores nothing.
func tryCreation(ctx context.Context, cluster rest.Interface, options Options, selected []string) Result {
	result := Result{Subject: "job in namespace " + options.Namespace}
	job := &v2beta1.MPIJob{}
	err := cluster.Post().Namespace(options.Namespace).Resource("mpijobs").Param("dryRun", metav1.DryRunAll).
		MaxRetries(0). // otherwise a webhook that answers with 503 is called for 10 s
		Body(probe(options.Namespace)).Do(ctx).Into(job)
	switch {
	case err == nil && job.Annotations[annotations.AppliedPoliciesKey] == "":
		result.Problem = "the API server did not call the webhook: " + remedy(options.Configurations, selected)
	case err == nil:
	case apierrors.IsForbidden(err):
		result.Problem = "not permitted: " + err.Error()
	case apierrors.IsInvalid(err) && strings.HasPrefix(err.Error(), `admission webhook "`):
		result.Warning = "the webhook refused the job of this account: " + err.Error()
	default:
		result.Problem = apiserver.Explain(err).Error()
	}
	return result
}

// remedy says what to do if no webhook was called.
func remedy(configurations string, selected []string) string {
	if len(selected) == 0 {
		return "install the chart again"
	}
	return "give the namespace the label of its project, so that " + configurations + " selects it (" + strings.Join(selected, "; ") + ")"
}

// probe returns a small job that every Pod Security Standard allows. Its gate asks for the webhook also in
// a warn-only namespace.
func probe(namespace string) *v2beta1.MPIJob {
	no, yes, one := false, true, int32(1)
	replica := func() *v2beta1.ReplicaSpec {
		return &v2beta1.ReplicaSpec{Replicas: &one, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			SchedulingGates: []corev1.PodSchedulingGate{{Name: annotations.AdmissionGate}},
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "mpi", Image: "example/check",
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		}}}
	}
	launcher := replica()
	launcher.Template.Spec.Containers[0].Command = []string{"mpirun", "true"}
	return &v2beta1.MPIJob{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "runai-mpi-check-", Namespace: namespace},
		Spec: v2beta1.MPIJobSpec{MPIReplicaSpecs: map[v2beta1.MPIReplicaType]*v2beta1.ReplicaSpec{
			v2beta1.MPIReplicaTypeLauncher: launcher,
			v2beta1.MPIReplicaTypeWorker:   replica(),
		}},
	}
}
