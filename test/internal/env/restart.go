package env

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// RestartAPIServer stops the API server, unless it has ended, and starts it again with the same flags and certificates.
// mpi-operator is restarted with it, as the kubelet would do: it ends if it loses its lease.
func (e *Env) RestartAPIServer(ctx context.Context) error {
	if e.operatorProcess != nil {
		_ = e.operatorProcess.Stop() // it may have lost its lease before
	}
	log, err := os.OpenFile(e.LogFile("kube-apiserver"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the log of kube-apiserver: %w", err)
	}
	defer log.Close()
	server := e.controlPlane.ControlPlane.APIServer
	server.Out, server.Err = log, log
	err = server.Stop()
	if err == nil {
		err = process.OnForkThread(server.Start)
	}
	if err != nil {
		return fmt.Errorf("cannot restart the API server: %w\n%s", err, process.Tail(e.LogFile("kube-apiserver")))
	}
	return e.startOperator(ctx)
}

// Ready returns nil if the API server is ready, as a load balancer in front of it would find it.
func (e *Env) Ready(ctx context.Context) error {
	return e.clients.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// KillAPIServer ends the API server as a crash does: one that is told to stop waits for its clients. RestartAPIServer
// starts it again.
func (e *Env) KillAPIServer() error {
	pid, err := e.APIServerPid()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("cannot kill the API server: %w", err)
	}
	for ; err == nil; _, err = os.Stat(fmt.Sprint("/proc/", pid)) {
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
