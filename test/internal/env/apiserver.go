package env

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

func (e *Env) setAPIServerFlags(server *envtest.APIServer) error {
	if err := e.setAddress(server); err != nil {
		return err
	}
	if err := e.setFrontProxyFlags(server); err != nil {
		return err
	}
	flags := server.Configure()
	for name, content := range map[string]string{
		authenticationFile:              e.options.Authentication,
		"admission-control-config-file": e.options.Admission,
		"audit-policy-file":             e.options.AuditPolicy,
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
		flags.Set("audit-log-maxsize", "2000") // megabytes: tests read one file
	}
	for name, value := range e.options.APIServerFlags {
		flags.Set(name, value)
	}
	return nil
}

// setAddress also finds a free port, which envtest does only on loopback, and makes the certificate.
func (e *Env) setAddress(server *envtest.APIServer) error {
	if e.options.Address == "" {
		return nil
	}
	if err := e.makeCertificate(server); err != nil {
		return fmt.Errorf("cannot make the certificate of the API server: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(e.options.Address, "0"))
	if err != nil {
		return fmt.Errorf("cannot find a port for the API server: %w", err)
	}
	defer listener.Close()
	server.Address, server.Port, err = net.SplitHostPort(listener.Addr().String())
	return err
}

// makeCertificate makes the files that envtest would make, but with a certificate that is also valid where pods reach
// the API server: at the address of its Service.
func (e *Env) makeCertificate(server *envtest.APIServer) error {
	names, addresses := []string{"localhost", "kubernetes.default.svc"}, []net.IP{net.ParseIP("127.0.0.1"), e.options.ServiceAddress}
	certificate, key, err := cert.GenerateSelfSignedCertKey(e.options.Address, addresses, names)
	if err != nil {
		return err
	}
	signer, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(e.certDir(), 0o700); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"apiserver.crt": certificate, "apiserver.key": key, "sa-signer.crt": signer, filepath.Base(e.tokenKey()): signer,
	} {
		if err := os.WriteFile(filepath.Join(e.certDir(), name), content, 0o600); err != nil {
			return err
		}
	}
	server.CA = certificate // its chain ends with the authority
	return nil
}

// APIServerPid returns the process ID of the API server, which envtest does not tell.
func (e *Env) APIServerPid() (int, error) {
	certDir := "--cert-dir=" + e.certDir()
	pid, err := process.Find(func(_ string, command []string) bool { return slices.Contains(command, certDir) })
	if err != nil {
		return 0, fmt.Errorf("cannot find the API server: %w", err)
	}
	return pid, nil
}

// certDir is where envtest writes the certificates, and the key for service account tokens.
func (e *Env) certDir() string { return e.path("kube-apiserver") }

func (e *Env) tokenKey() string { return filepath.Join(e.certDir(), "sa-signer.key") }

// AuditLog returns the path of the audit log, which has one event per line if there is an audit policy.
func (e *Env) AuditLog() string { return e.LogFile("audit") }
