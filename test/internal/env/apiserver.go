package env

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func (e *Env) setAPIServerFlags(server *envtest.APIServer) error {
	if err := e.setAddress(server); err != nil {
		return err
	}
	flags := server.Configure()
	for name, content := range map[string]string{
		"authentication-config": e.options.Authentication,
		"audit-policy-file":     e.options.AuditPolicy,
	} {
		if content == "" {
			continue
		}
		file := e.path(name + ".yaml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return fmt.Errorf("cannot configure the API server: %w", err)
		}
		flags.Set(name, file)
	}
	if e.options.AuditPolicy != "" {
		flags.Set("audit-log-path", e.AuditLog())
	}
	for name, value := range e.options.APIServerFlags {
		flags.Set(name, value)
	}
	return nil
}

// setAddress also finds a free port, which envtest does only on loopback.
func (e *Env) setAddress(server *envtest.APIServer) error {
	if e.options.Address == "" {
		return nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(e.options.Address, "0"))
	if err != nil {
		return fmt.Errorf("cannot find a port for the API server: %w", err)
	}
	defer listener.Close()
	server.Address, server.Port, err = net.SplitHostPort(listener.Addr().String())
	return err
}

// certDir is where envtest writes the certificates, and the key for service account tokens.
func (e *Env) certDir() string { return e.path("kube-apiserver") }

func (e *Env) tokenKey() string { return filepath.Join(e.certDir(), "sa-signer.key") }

// AuditLog returns the path of the audit log, which has one event per line if there is an audit policy.
func (e *Env) AuditLog() string { return e.LogFile("audit") }
