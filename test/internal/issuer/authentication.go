package issuer

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Authentication returns the documented AuthenticationConfiguration with the broker's URL and certificate, and
// with additional authenticators.
func Authentication(broker *Issuer, others ...map[string]any) (string, error) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(root, "config", "samples", "authentication-configuration.yaml"))
	if err != nil {
		return "", fmt.Errorf("cannot read the documented authentication: %w", err)
	}
	var documented struct {
		APIVersion string           `json:"apiVersion"`
		Kind       string           `json:"kind"`
		JWT        []map[string]any `json:"jwt"`
	}
	if err := yaml.UnmarshalStrict(text, &documented); err != nil {
		return "", fmt.Errorf("cannot read the documented authentication: %w", err)
	}
	for key, value := range map[string]any{"url": broker.URL, "certificateAuthority": broker.Authority} {
		documented.JWT[0]["issuer"].(map[string]any)[key] = value
	}
	documented.JWT = append(documented.JWT, others...)
	if text, err = yaml.Marshal(documented); err != nil {
		return "", fmt.Errorf("cannot write the authentication: %w", err)
	}
	return string(text), nil
}
