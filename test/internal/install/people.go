package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	return p.bind(ctx, namespace, user, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name})
}

// AddResearcher binds the chart's role of researchers to a user, in a namespace.
func (p *Product) AddResearcher(ctx context.Context, namespace, user string) error {
	return p.bind(ctx, namespace, user, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-researcher"})
}

// AddSession binds the chart's role that allows sessions in pods to a user, in a namespace.
func (p *Product) AddSession(ctx context.Context, namespace, user string) error {
	return p.bind(ctx, namespace, user, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-session"})
}

const permitted = "permitted-" // is the prefix of the names

func (p *Product) bind(ctx context.Context, namespace, user string, role rbacv1.RoleRef) error {
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: permitted, Namespace: namespace},
		RoleRef:    role,
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: user, APIGroup: rbacv1.GroupName}},
	}
	if err := p.Client.Create(ctx, binding); err != nil {
		return fmt.Errorf("cannot grant permissions to %s: %w", user, err)
	}
	return nil
}

// Verbs returns a rule for resources of one API group.
func Verbs(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}
