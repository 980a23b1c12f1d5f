package issuer

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Authentication returns the documented AuthenticationConfiguration with the broker's URL and certificate, and
// with additional authenticators below it. Nothing else of the file changes, not even its comments.
func Authentication(broker *Issuer, others ...map[string]any) (string, error) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(root, "config", "samples", "authentication-configuration.yaml"))
	if err != nil {
		return "", fmt.Errorf("cannot read the documented authentication: %w", err)
	}
	configuration, err := broker.Stand(string(text))
	if err != nil || len(others) == 0 {
		return configuration, err
	}
	more, err := yaml.Marshal(others)
	if err != nil {
		return "", fmt.Errorf("cannot write the other authenticators: %w", err)
	}
	return configuration + string(more), nil // the list is the last thing in the file
}

// The lines of a documented authenticator that say which issuer it trusts. One with a certificate of a public authority
// has only the first.
var (
	urlLine         = regexp.MustCompile(`(?m)^    url: https://.*\n`)
	certificateText = regexp.MustCompile(`(?m)^    certificateAuthority: \|\n(      .*\n)+`)
)

// Stand returns a documented AuthenticationConfiguration in which the issuer stands for that of its first authenticator,
// with its URL and its certificate. Nothing else changes.
func (i *Issuer) Stand(configuration string) (string, error) {
	if found := len(urlLine.FindAllString(configuration, -1)); found != 1 {
		return "", fmt.Errorf("the documented authentication has %d issuers, expected 1", found)
	}
	certificate := "    certificateAuthority: |\n"
	for line := range strings.Lines(i.Authority) {
		certificate += "      " + line
	}
	url := "    url: " + i.URL + "\n"
	if certificateText.MatchString(configuration) {
		configuration = certificateText.ReplaceAllLiteralString(configuration, certificate)
	} else {
		url += certificate
	}
	return urlLine.ReplaceAllLiteralString(configuration, url), nil
}
