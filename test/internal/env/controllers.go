package env

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

const (
	lockNamespace = "default"
	operatorLease = "mpi-operator"
)

// Operator is the username of MPI Operator, as its own manifests install it.
const Operator = "system:serviceaccount:mpi-operator:mpi-operator"

// controllers lists the controllers that MPIJobs and their namespaces need.
var controllers = []string{
	"job-controller",
	"garbage-collector-controller",
	"namespace-controller",
	"serviceaccount-controller",
	"persistentvolumeclaim-protection-controller",
	"resourcequota-controller",
	"ttl-after-finished-controller",
}

func (e *Env) startControllers(ctx context.Context) error {
	manager, err := e.controllerManager()
	if err != nil {
		return err
	}
	scheduler, err := e.AddUser("system:kube-scheduler", "system:masters")
	if err != nil {
		return err
	}
	for _, c := range []struct {
		wanted  bool
		command process.Command
	}{
		{e.options.anyControllers(), manager},
		{e.options.Scheduler, e.scheduler(scheduler)},
	} {
		if !c.wanted {
			continue
		}
		if _, err := e.StartProcess(ctx, c.command); err != nil {
			return err
		}
	}
	return e.startOperator(ctx)
}

// startOperator starts mpi-operator with rates that hold nobody up, unless the options say that it does not run.
func (e *Env) startOperator(ctx context.Context) (err error) {
	if e.options.WithoutOperator {
		return nil
	}
	e.operatorProcess, err = e.StartOperator(ctx, "--kube-api-qps=1000", "--kube-api-burst=2000",
		"--controller-queue-rate-limit=1000", "--controller-queue-burst=2000", "--threadiness=4")
	return err
}

// StartOperator starts mpi-operator with some of its flags, after one that was stopped before.
func (e *Env) StartOperator(ctx context.Context, flags ...string) (*process.Process, error) {
	operator, err := binaries.Find(binaries.MPIOperator)
	if err != nil {
		return nil, err
	}
	user, err := e.AddUser(Operator, "system:masters")
	if err != nil {
		return nil, err
	}
	leases := e.clients.CoordinationV1().Leases(lockNamespace)
	if err := leases.Delete(ctx, operatorLease, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("cannot remove the lease of a former operator: %w", err)
	}
	return e.StartProcess(ctx, process.Command{
		Name:  "mpi-operator",
		Path:  operator[binaries.MPIOperator],
		Args:  append([]string{"--kubeConfig=" + user.Kubeconfig(), "--lock-namespace=" + lockNamespace, "--monitoring-port=0"}, flags...),
		Env:   cleanEnv("HOME="+e.Dir, binaries.MPIOperatorHealthAddressEnv+"=127.0.0.1:0"),
		Ready: e.operatorLeads,
	})
}

// controllerManager has no readiness check: it acts on whatever exists when it becomes ready.
func (e *Env) controllerManager() (process.Command, error) {
	which, err := e.whichControllers()
	return process.Command{
		Name: "kube-controller-manager",
		Path: e.binaries[binaries.ControllerManager],
		Args: append(which,
			"--kubeconfig="+e.Kubeconfig(),
			"--leader-elect=false",
			"--secure-port=0",
			"--use-service-account-credentials="+strconv.FormatBool(e.options.ControllerAccounts),
			"--kube-api-qps=1000",
			"--kube-api-burst=2000",
			"--concurrent-job-syncs=20",
		),
	}, err
}

func (e *Env) whichControllers() ([]string, error) {
	if !e.options.AllControllers {
		return []string{"--controllers=" + strings.Join(controllers, ",")}, nil
	}
	authority := e.path("authority.crt")
	if err := os.WriteFile(authority, e.Config.CAData, 0o600); err != nil {
		return nil, fmt.Errorf("cannot write the API server's authority: %w", err)
	}
	return []string{"--root-ca-file=" + authority, "--service-account-private-key-file=" + e.tokenKey()}, nil
}

func (e *Env) scheduler(as *User) process.Command {
	return process.Command{
		Name: "kube-scheduler",
		Path: e.binaries[binaries.Scheduler],
		Args: []string{
			"--kubeconfig=" + as.Kubeconfig(),
			"--leader-elect=false",
			"--secure-port=0",
			"--kube-api-qps=1000",
			"--kube-api-burst=2000",
		},
	}
}

func (e *Env) operatorLeads(ctx context.Context) error {
	lease, err := e.clients.CoordinationV1().Leases(lockNamespace).Get(ctx, operatorLease, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return fmt.Errorf("nobody holds the lease %s", lease.Name)
	}
	return nil
}
