package install

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

const stopTime = 10 * time.Second

// A Replica is one process of runai-webhook.
type Replica struct {
	*process.Process
	// Address is where it serves the webhooks, as host:port.
	Address string
	// Health is the URL of its health checks, without a path.
	Health string
	// Policy is the path of the cluster policy that it reads.
	Policy string
}

// ReplicaOptions say how a replica differs from the webhook that Install starts.
type ReplicaOptions struct {
	// Name is the name of the process and of its files.
	Name string
	// Objects have its cluster policy. Default: the product's.
	Objects chart.Objects
	// Address is where it serves the webhooks. Default: a free port on loopback.
	Address string
	// Kubeconfig replaces that of the chart's service account.
	Kubeconfig string
	// Metrics is where it serves its metrics, as host:port. Default: nowhere.
	Metrics string
	// Drain is how long it serves after a signal to stop. Default: not at all, so that tests need not wait.
	Drain time.Duration
	// Unready does not wait until the replica is ready.
	Unready bool
}

// StartReplica runs runai-webhook as the chart's Deployment does, except for the files and addresses of a pod,
// and waits until it is ready. The API server does not call it before CallWebhookAt.
func (p *Product) StartReplica(ctx context.Context, options ReplicaOptions) (*Replica, error) {
	if options.Objects == nil {
		options.Objects = p.objects
	}
	deployment := &appsv1.Deployment{}
	if err := options.Objects.Find("Deployment", "", deployment); err != nil {
		return nil, err
	}
	replica := &Replica{Policy: filepath.Join(p.Dir, options.Name+"-policy.yaml")}
	if err := writePolicy(replica.Policy, deployment); err != nil {
		return nil, err
	}
	health, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	free, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	replica.Health, replica.Address = "http://"+health, cmp.Or(options.Address, free)
	if options.Kubeconfig == "" {
		user, err := p.ServiceAccount(chart.Namespace, deployment.Spec.Template.Spec.ServiceAccountName) // tests the chart's permissions
		if err != nil {
			return nil, err
		}
		options.Kubeconfig = user.Kubeconfig()
	}
	command := process.Command{Name: options.Name, Path: p.Programs.Webhook, StopTimeout: stopTime + options.Drain}
	if command.Args, err = p.arguments(deployment, replica, health, options); err != nil {
		return nil, err
	}
	if !options.Unready {
		command.Ready = replica.Ready
	}
	replica.Process, err = p.StartProcess(ctx, command)
	return replica, err
}

// Ready returns nil if the replica is ready, as the kubelet's probe would find it.
func (r *Replica) Ready(ctx context.Context) error { return process.Answers(ctx, r.Health+"/readyz") }

// Addresses returns the addresses of replicas.
func Addresses(replicas ...*Replica) []string {
	var all []string
	for _, replica := range replicas {
		all = append(all, replica.Address)
	}
	return all
}

func (p *Product) arguments(deployment *appsv1.Deployment, replica *Replica, health string, options ReplicaOptions) ([]string, error) {
	host, port, err := net.SplitHostPort(replica.Address)
	if err != nil {
		return nil, err
	}
	here := map[string]string{
		"--policy": replica.Policy, "--cert-dir": p.hooks.LocalServingCertDir, "--host": host, "--port": port, "--health-address": health,
		"--metrics-address": cmp.Or(options.Metrics, "0"), "--kubeconfig": options.Kubeconfig, "--drain": options.Drain.String(),
	}
	var args []string
	for _, arg := range deployment.Spec.Template.Spec.Containers[0].Args {
		name, _, _ := strings.Cut(arg, "=")
		if _, replaced := here[name]; !replaced {
			args = append(args, arg)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(here)) {
		args = append(args, name+"="+here[name])
	}
	return args, nil
}

// writePolicy writes the file that a pod would get from its downwardAPI volume.
func writePolicy(path string, deployment *appsv1.Deployment) error {
	text := deployment.Spec.Template.Annotations[v1alpha1.GroupVersion.Group+"/cluster-policy"]
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("cannot write the cluster policy: %w", err)
	}
	return nil
}
