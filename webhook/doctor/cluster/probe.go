package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// foreignUID belongs to nobody.
const foreignUID = 2147483646

// tryPod creates a pod that the backstop must refuse, as a dry run. It is the only way to see policies in files.
func (r *reader) tryPod(ctx context.Context) {
	namespace := r.into.FirstGuarded()
	if namespace == "" {
		return
	}
	err := r.client.Create(ctx, foreignPod(namespace), client.DryRunAll)
	switch {
	case err == nil:
		r.into.Probe = doctor.Probe{Namespace: namespace}
	case strings.Contains(err.Error(), "ValidatingAdmissionPolicy"):
		r.into.Probe = doctor.Probe{Namespace: namespace, Refusal: err.Error()}
	case r.into.HasObjects(): // what the policies say is known
	case apierrors.IsForbidden(err):
		r.into.Unread[doctor.PodCreation] = fmt.Sprintf("you may not create pods in namespace %s, which would show whether the API server "+
			"has the backstop as files; a dry run stores nothing", namespace)
	default:
		r.into.Unread[doctor.PodCreation] = fmt.Sprintf("a dry run of a pod in namespace %s failed: %s", namespace, apiserver.Explain(err))
	}
}

// foreignPod returns a pod that every Pod Security Standard allows.
func foreignPod(namespace string) *corev1.Pod {
	yes, no, uid := true, false, int64(foreignUID)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "runai-mpi-doctor-", Namespace: namespace},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken: &no,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &uid, RunAsGroup: &uid,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "doctor", Image: "example/doctor",
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}
