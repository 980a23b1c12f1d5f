package install

import (
	"context"
	"fmt"
	"net"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/test/chart"
	"github.com/runai-mpi/runai-mpi/test/env"
	"github.com/runai-mpi/runai-mpi/test/env/process"
)

// StartWebhook runs runai-webhook as the chart's Deployment does, but for the files and addresses of
// a pod, and waits until it is ready.
func (p *Product) StartWebhook(ctx context.Context) error {
	deployment, err := p.deployment()
	if err != nil {
		return err
	}
	if err := p.writePolicy(deployment); err != nil {
		return err
	}
	health, err := freeAddress()
	if err != nil {
		return err
	}
	user, err := p.serviceAccount(deployment.Spec.Template.Spec.ServiceAccountName)
	if err != nil {
		return err
	}
	args := []string{}
	for _, arg := range deployment.Spec.Template.Spec.Containers[0].Args {
		switch name, _, _ := strings.Cut(arg, "="); name {
		case "--policy":
			arg = "--policy=" + p.Policy
		case "--cert-dir":
			arg = "--cert-dir=" + p.hooks.LocalServingCertDir
		}
		args = append(args, arg)
	}
	args = append(args, "--host="+p.hooks.LocalServingHost, fmt.Sprintf("--port=%d", p.hooks.LocalServingPort),
		"--health-address="+health, "--metrics-address=0", "--kubeconfig="+user.Kubeconfig())
	p.Webhook, err = p.StartProcess(ctx, process.Command{
		Name: "runai-webhook", Path: p.Programs.Webhook, Args: args,
		Ready: func(ctx context.Context) error { return process.Answers(ctx, "http://"+health+"/readyz") },
	})
	return err
}

// serviceAccount is what the chart's permissions are given to; no others must be needed.
func (p *Product) serviceAccount(name string) (*env.User, error) {
	return p.Impersonate(rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + chart.Namespace + ":" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + chart.Namespace, "system:authenticated"},
	})
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
