package env

import (
	"fmt"
	"os"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func (e *Env) setAPIServerFlags(server *envtest.APIServer) error {
	flags := server.Configure()
	if e.options.AuditPolicy != "" {
		policy := e.path("audit-policy.yaml")
		if err := os.WriteFile(policy, []byte(e.options.AuditPolicy), 0o600); err != nil {
			return fmt.Errorf("cannot write the audit policy: %w", err)
		}
		flags.Set("audit-policy-file", policy)
		flags.Set("audit-log-path", e.AuditLog())
	}
	for name, value := range e.options.APIServerFlags {
		flags.Set(name, value)
	}
	return nil
}

// AuditLog is the file with one audit event per line, if there is an audit policy.
func (e *Env) AuditLog() string { return e.logFile("audit") }
