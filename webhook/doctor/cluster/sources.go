package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/crds"
	directorycluster "github.com/runai-mpi/runai-mpi/webhook/directory/cluster"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// readAll reads all sources. Those that come last depend on namespaces, policies and webhook configurations.
func (r *reader) readAll(ctx context.Context) error {
	for _, read := range []func(context.Context) error{
		r.deployments, r.projects, r.roles, r.webhooks, r.policies, r.objects, r.jobs, r.heartbeats,
	} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// keep returns a function that appends objects to a list.
func keep[T any](list *[]T) func(*T) {
	return func(object *T) { *list = append(*list, *object) }
}

func (r *reader) projects(ctx context.Context) error {
	s := r.into
	return firstError(
		func() error { return each(ctx, r, doctor.Namespaces, &corev1.NamespaceList{}, keep(&s.Namespaces)) },
		func() error { return each(ctx, r, doctor.Projects, &v1alpha1.ProjectList{}, keep(&s.Projects)) },
		func() error {
			return each(ctx, r, doctor.Identities, &v1alpha1.PosixIdentityList{}, keep(&s.Identities))
		},
	)
}

func (r *reader) roles(ctx context.Context) error {
	s := r.into
	return firstError(
		func() error {
			return each(ctx, r, doctor.ClusterRoles, &rbacv1.ClusterRoleList{}, keep(&s.ClusterRoles))
		},
		func() error {
			return each(ctx, r, doctor.ClusterRoleBindings, &rbacv1.ClusterRoleBindingList{}, keep(&s.ClusterRoleBindings))
		},
		func() error { return each(ctx, r, doctor.Roles, &rbacv1.RoleList{}, keep(&s.Roles)) },
		func() error {
			return each(ctx, r, doctor.RoleBindings, &rbacv1.RoleBindingList{}, keep(&s.RoleBindings))
		},
	)
}

func (r *reader) webhooks(ctx context.Context) error {
	s := r.into
	return firstError(
		func() error {
			return each(ctx, r, doctor.MutatingWebhooks, &admissionregistrationv1.MutatingWebhookConfigurationList{}, keep(&s.MutatingWebhooks))
		},
		func() error {
			return each(ctx, r, doctor.ValidatingWebhooks, &admissionregistrationv1.ValidatingWebhookConfigurationList{}, keep(&s.ValidatingWebhooks))
		},
	)
}

func (r *reader) policies(ctx context.Context) error {
	s := r.into
	return firstError(
		func() error {
			return each(ctx, r, doctor.Policies, &admissionregistrationv1.ValidatingAdmissionPolicyList{}, keep(&s.Policies))
		},
		func() error {
			return each(ctx, r, doctor.PolicyBindings, &admissionregistrationv1.ValidatingAdmissionPolicyBindingList{}, keep(&s.PolicyBindings))
		},
		func() error {
			return each(ctx, r, doctor.MutatingPolicies, &admissionregistrationv1.MutatingAdmissionPolicyList{}, keep(&s.MutatingPolicies))
		},
		func() error {
			return each(ctx, r, doctor.MutatingPolicyBindings, &admissionregistrationv1.MutatingAdmissionPolicyBindingList{}, keep(&s.MutatingPolicyBindings))
		},
	)
}

func (r *reader) objects(ctx context.Context) error {
	s := r.into
	return firstError(
		func() error {
			return each(ctx, r, doctor.Nodes, &corev1.NodeList{}, func(node *corev1.Node) {
				small := corev1.Node{ObjectMeta: node.ObjectMeta, Status: corev1.NodeStatus{Features: node.Status.Features}}
				s.Nodes = append(s.Nodes, small) // without the list of its images
			})
		},
		func() error {
			return each(ctx, r, doctor.CRDs, &apiextensionsv1.CustomResourceDefinitionList{}, func(crd *apiextensionsv1.CustomResourceDefinition) {
				if crd.Name == server.MPIJobCRD || slices.Contains(crds.Names(), crd.Name) {
					s.CRDs = append(s.CRDs, *crd)
				}
			})
		},
		func() error {
			return each(ctx, r, doctor.NetworkPolicies, &networkingv1.NetworkPolicyList{}, keep(&s.NetworkPolicies))
		},
	)
}

// heartbeats reads the Leases of directory syncs, which are in the namespace of the webhook.
func (r *reader) heartbeats(ctx context.Context) error {
	if len(r.found) == 0 {
		return nil
	}
	return each(ctx, r, doctor.Leases, &coordinationv1.LeaseList{}, func(lease *coordinationv1.Lease) {
		if !strings.HasSuffix(lease.Name, "-directory") {
			return
		}
		beat := doctor.Heartbeat{Namespace: lease.Namespace, Name: lease.Name, Result: lease.Annotations[directorycluster.ResultAnnotation]}
		if lease.Spec.RenewTime != nil {
			beat.Renewed = lease.Spec.RenewTime.Time
		}
		if lease.Spec.LeaseDurationSeconds != nil {
			beat.Lasts = time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second
		}
		r.into.Heartbeats = append(r.into.Heartbeats, beat)
	}, client.InNamespace(r.found[0].release.Namespace))
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) deployments(ctx context.Context) error {
	return each(ctx, r, doctor.Deployments, &appsv1.DeploymentList{}, r.deployment)
}

// deployment keeps what is needed of the Deployments of the webhook and of mpi-operator.
func (r *reader) deployment(found *appsv1.Deployment) {
	template := &found.Spec.Template
	kept := doctor.Deployment{Namespace: found.Namespace, Name: found.Name, ServiceAccount: template.Spec.ServiceAccountName}
	if kept.ServiceAccount == "" {
		kept.ServiceAccount = "default"
	}
	if policy, is := template.Annotations[policyAnnotation]; is {
		kept.Instance = found.Labels["app.kubernetes.io/instance"]
		r.found = append(r.found, foundPolicy{kept, policy})
		return
	}
	for _, container := range template.Spec.Containers {
		if isOperator(&container) {
			kept.Arguments = append(append([]string{}, container.Command...), container.Args...)
			r.into.Operators = append(r.into.Operators, kept)
			return
		}
	}
}
