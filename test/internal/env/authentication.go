package env

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// authenticationFile is the name of the API server's authentication configuration, which it reads again if it changes.
const authenticationFile = "authentication-config"

// reloadFailures is a metric of the API server: how often it could not use a changed authentication configuration.
var reloadFailures = regexp.MustCompile(
	`(?m)^apiserver_authentication_config_controller_automatic_reloads_total\{.*status="failure".*\} (.*)$`)

// SetAuthentication replaces the AuthenticationConfiguration that the options have, and waits until the API server uses
// the new one. If the API server refuses it, the error says why.
func (e *Env) SetAuthentication(ctx context.Context, configuration string) error {
	before, err := e.metrics(ctx)
	if err != nil {
		return err
	}
	file := e.path(authenticationFile + ".yaml")
	if err := os.WriteFile(file+".new", []byte(configuration), 0o600); err != nil {
		return fmt.Errorf("cannot write the authentication: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil { // never half a file
		return fmt.Errorf("cannot write the authentication: %w", err)
	}
	used := fmt.Sprintf(`hash="sha256:%x"`, sha256.Sum256([]byte(configuration)))
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		now, err := e.metrics(ctx)
		if err != nil {
			return false, err
		}
		if failures(now) != failures(before) {
			return false, fmt.Errorf("the API server refuses it: %s", process.Tail(e.LogFile("kube-apiserver")))
		}
		return strings.Contains(now, used), nil
	})
	if err != nil {
		return fmt.Errorf("cannot change the authentication: %w", err)
	}
	return nil
}

func failures(metrics string) string {
	if found := reloadFailures.FindStringSubmatch(metrics); found != nil {
		return found[1]
	}
	return "0"
}

func (e *Env) metrics(ctx context.Context) (string, error) {
	text, err := e.clients.CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return "", fmt.Errorf("cannot read the metrics of the API server: %w", err)
	}
	return string(text), nil
}
