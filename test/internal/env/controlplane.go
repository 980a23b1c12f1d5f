package env

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

const (
	controlPlaneStartTimeout = 60 * time.Second
	controlPlaneStopTimeout  = 20 * time.Second
	mpiJobCRD                = "manifests/base/kubeflow.org_mpijobs.yaml"
)

// startControlPlane starts etcd and kube-apiserver and installs the CRDs: envtest returns when discovery
// shows them, which is after they are Established.
func (e *Env) startControlPlane() error {
	environment, err := e.newControlPlane()
	if err != nil {
		return err
	}
	etcdLog, err := os.Create(e.LogFile("etcd"))
	if err != nil {
		return fmt.Errorf("cannot open the log of etcd: %w", err)
	}
	defer etcdLog.Close()
	apiServerLog, err := os.Create(e.LogFile("kube-apiserver"))
	if err != nil {
		return fmt.Errorf("cannot open the log of kube-apiserver: %w", err)
	}
	defer apiServerLog.Close()
	environment.ControlPlane.Etcd.Out, environment.ControlPlane.Etcd.Err = etcdLog, etcdLog
	environment.ControlPlane.APIServer.Out, environment.ControlPlane.APIServer.Err = apiServerLog, apiServerLog
	e.controlPlane = environment
	if err := process.OnForkThread(func() error { _, err := environment.Start(); return err }); err != nil {
		return fmt.Errorf("cannot start the control plane: %w\n%s\n%s", err,
			process.Tail(e.LogFile("etcd")), process.Tail(e.LogFile("kube-apiserver")))
	}
	return e.useAdministrator()
}

// newControlPlane lets the API server use more memory than by default: it would spend a third of its CPU time on garbage
// collection when many jobs are created.
func (e *Env) newControlPlane() (*envtest.Environment, error) {
	etcd, err := process.Leash(e.binaries[binaries.Etcd], e.path("leashes"))
	if err != nil {
		return nil, err
	}
	apiServer, err := process.Leash(e.binaries[binaries.APIServer], e.path("leashes"), "GOGC=400", "GOMEMLIMIT=6GiB")
	if err != nil {
		return nil, err
	}
	operator, err := binaries.Source(binaries.MPIOperator)
	if err != nil {
		return nil, err
	}
	environment := &envtest.Environment{
		UseExistingCluster:       new(bool), // whatever USE_EXISTING_CLUSTER says
		ControlPlaneStartTimeout: controlPlaneStartTimeout,
		ControlPlaneStopTimeout:  controlPlaneStopTimeout,
		CRDDirectoryPaths:        append([]string{filepath.Join(operator, mpiJobCRD)}, e.options.CRDPaths...),
		ErrorIfCRDPathMissing:    true,
		CRDs:                     e.options.CRDs,
	}
	environment.CRDInstallOptions.PollInterval = 50 * time.Millisecond
	environment.ControlPlane.Etcd = &envtest.Etcd{Path: etcd, DataDir: e.path("etcd")}
	environment.ControlPlane.APIServer = &envtest.APIServer{Path: apiServer, CertDir: e.certDir()}
	return environment, e.setAPIServerFlags(environment.ControlPlane.APIServer)
}

func (e *Env) useAdministrator() (err error) {
	if e.User, err = e.newUser(e.controlPlane.Config, e.controlPlane.KubeConfig); err != nil {
		return err
	}
	if e.clients, err = kubernetes.NewForConfig(e.Config); err != nil {
		return fmt.Errorf("cannot make a client: %w", err)
	}
	return nil
}

func (e *Env) stopControlPlane() error {
	if e.controlPlane == nil {
		return nil
	}
	if err := e.controlPlane.Stop(); err != nil {
		return fmt.Errorf("cannot stop the control plane: %w", err)
	}
	return nil
}
