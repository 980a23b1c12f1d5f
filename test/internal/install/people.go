package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// RunRunai runs the real runai with a kubeconfig. If the context is canceled, runai is interrupted as by
// Ctrl-C. The error is not nil only if runai cannot be run.
func (p *Product) RunRunai(ctx context.Context, kubeconfig string, args ...string) (stdout, stderr string, code int, err error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Runai, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
		return "", "", 0, fmt.Errorf("cannot run runai: %w", err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode(), nil
}

// Permit grants a user the rules in a namespace.
func (p *Product) Permit(ctx context.Context, namespace, user string, rules ...rbacv1.PolicyRule) error {
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{GenerateName: permitted, Namespace: namespace}, Rules: rules}
	if err := p.Client.Create(ctx, role); err != nil {
		return fmt.Errorf("cannot grant permissions to %s: %w", user, err)
	}
	return p.bind(ctx, namespace, user, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name}, rules[0])
}

// AddResearcher binds the chart's role of researchers to a user, in a namespace.
func (p *Product) AddResearcher(ctx context.Context, namespace, user string) error {
	return p.bind(ctx, namespace, user, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-researcher"},
		Verbs("kubeflow.org", []string{"mpijobs"}, "create"))
}

// AddSession binds the chart's role that allows sessions in pods to a user, in a namespace.
func (p *Product) AddSession(ctx context.Context, namespace, user string) error {
	return p.bind(ctx, namespace, user, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-session"},
		Verbs("", []string{"pods/exec"}, "create"))
}

const (
	permitted         = "permitted-" // is the prefix of the names
	permissionTimeout = 30 * time.Second
)

// bind binds a role to a user, and waits until the API server allows one of its rules.
func (p *Product) bind(ctx context.Context, namespace, user string, role rbacv1.RoleRef, rule rbacv1.PolicyRule) error {
	subject := rbacv1.Subject{Kind: rbacv1.UserKind, Name: user, APIGroup: rbacv1.GroupName}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: permitted, Namespace: namespace},
		RoleRef:    role,
		Subjects:   []rbacv1.Subject{subject},
	}
	if err := p.Client.Create(ctx, binding); err != nil {
		return fmt.Errorf("cannot grant permissions to %s: %w", user, err)
	}
	return p.AwaitPermission(ctx, subject, namespace, rule)
}

// AwaitPermission waits until the API server allows a user or a group what a rule says. It learns of a role and its
// binding by watches, after it has stored them. The namespace may be "": the whole cluster.
func (p *Product) AwaitPermission(ctx context.Context, subject rbacv1.Subject, namespace string, rule rbacv1.PolicyRule) error {
	resource, subresource, _ := strings.Cut(rule.Resources[0], "/")
	attributes := &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: subresource,
	}
	if len(rule.ResourceNames) > 0 {
		attributes.Name = rule.ResourceNames[0]
	}
	spec := authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: attributes, User: subject.Name}
	if subject.Kind == rbacv1.GroupKind {
		spec.User, spec.Groups = "a member of "+subject.Name, []string{subject.Name}
	}
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, permissionTimeout, true, func(ctx context.Context) (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: spec}
		err := p.Client.Create(ctx, review)
		return review.Status.Allowed, err
	})
	if err != nil {
		return fmt.Errorf("%s is not allowed to %s %s: %w", subject.Name, rule.Verbs[0], rule.Resources[0], err)
	}
	return nil
}

// Verbs returns a rule for resources of one API group.
func Verbs(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}
