package install

import (
	"context"
	"fmt"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// StartWebhook runs runai-webhook as the chart's Deployment does, except for the files and addresses of a pod,
// and waits until it is ready.
func (p *Product) StartWebhook(ctx context.Context) error {
	deployment, err := p.deployment()
	if err != nil {
		return err
	}
	if err := p.writePolicy(deployment); err != nil {
		return err
	}
	health, err := process.FreeAddress()
	if err != nil {
		return err
	}
	user, err := p.ServiceAccount(chart.Namespace, deployment.Spec.Template.Spec.ServiceAccountName) // tests the chart's permissions
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
