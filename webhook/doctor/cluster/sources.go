package cluster

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// readAll reads all sources.
func (r *reader) readAll(ctx context.Context) error {
	for _, read := range []func(context.Context) error{r.deployments, r.projects, r.roles} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) projects(ctx context.Context) error {
	if err := each(ctx, r, doctor.Namespaces, func() client.ObjectList { return &corev1.NamespaceList{} },
		func(o *corev1.Namespace) { r.into.Namespaces = append(r.into.Namespaces, *o) }); err != nil {
		return err
	}
	if err := each(ctx, r, doctor.Projects, func() client.ObjectList { return &v1alpha1.ProjectList{} },
		func(o *v1alpha1.Project) { r.into.Projects = append(r.into.Projects, *o) }); err != nil {
		return err
	}
	return each(ctx, r, doctor.Identities, func() client.ObjectList { return &v1alpha1.PosixIdentityList{} },
		func(o *v1alpha1.PosixIdentity) { r.into.Identities = append(r.into.Identities, *o) })
}

func (r *reader) roles(ctx context.Context) error {
	if err := each(ctx, r, doctor.ClusterRoles, func() client.ObjectList { return &rbacv1.ClusterRoleList{} },
		func(o *rbacv1.ClusterRole) { r.into.ClusterRoles = append(r.into.ClusterRoles, *o) }); err != nil {
		return err
	}
	if err := each(ctx, r, doctor.ClusterRoleBindings, func() client.ObjectList { return &rbacv1.ClusterRoleBindingList{} },
		func(o *rbacv1.ClusterRoleBinding) {
			r.into.ClusterRoleBindings = append(r.into.ClusterRoleBindings, *o)
		}); err != nil {
		return err
	}
	if err := each(ctx, r, doctor.Roles, func() client.ObjectList { return &rbacv1.RoleList{} },
		func(o *rbacv1.Role) { r.into.Roles = append(r.into.Roles, *o) }); err != nil {
		return err
	}
	return each(ctx, r, doctor.RoleBindings, func() client.ObjectList { return &rbacv1.RoleBindingList{} },
		func(o *rbacv1.RoleBinding) { r.into.RoleBindings = append(r.into.RoleBindings, *o) })
}

func (r *reader) deployments(ctx context.Context) error {
	return each(ctx, r, doctor.Deployments, func() client.ObjectList { return &appsv1.DeploymentList{} }, r.deployment)
}

// deployment keeps what is needed of the Deployments of the webhook and of mpi-operator.
func (r *reader) deployment(found *appsv1.Deployment) {
	template := &found.Spec.Template
	kept := doctor.Deployment{Namespace: found.Namespace, Name: found.Name, ServiceAccount: template.Spec.ServiceAccountName}
	if kept.ServiceAccount == "" {
		kept.ServiceAccount = "default"
	}
	if policy, is := template.Annotations[policyAnnotation]; is {
		r.policies = append(r.policies, foundPolicy{kept, policy})
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
