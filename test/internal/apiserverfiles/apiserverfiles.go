// Package apiserverfiles writes the files from which an API server reads the backstop, as docs/backstop.md says.
package apiserverfiles

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// documented is where the files are on the control plane nodes of the page and the samples.
const documented = "/etc/kubernetes/admission"

// Files are the files of one API server.
type Files struct {
	// Admission is the API server's AdmissionConfiguration, which names the folders.
	Admission string

	dir, root string
}

// New makes folders for an API server. They are empty at first: the API server sees new files while it runs.
func New(dir string) (*Files, error) {
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, "config", "samples", "admission-configuration.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot read the documented admission configuration: %w", err)
	}
	f := &Files{Admission: strings.ReplaceAll(string(text), documented, dir), dir: dir, root: root}
	for _, folder := range []string{f.policies(), f.webhooks()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make a folder for the API server: %w", err)
		}
	}
	return f, nil
}

func (f *Files) policies() string { return filepath.Join(f.dir, "policies") }
func (f *Files) webhooks() string { return filepath.Join(f.dir, "webhooks") }

// WritePolicies runs the command of the page, with the chart's values, and moves its output to the API server.
func (f *Files) WritePolicies(ctx context.Context, values string) error {
	set, err := binaries.Find(binaries.Helm)
	if err != nil {
		return err
	}
	command, err := f.command()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(f.dir, "values.yaml"), []byte(values), 0o600); err != nil {
		return fmt.Errorf("cannot write the values: %w", err)
	}
	if err := os.Symlink(filepath.Join(f.root, "charts"), filepath.Join(f.dir, "charts")); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("cannot show the chart to helm: %w", err)
	}
	shell := exec.CommandContext(ctx, "bash", "-ec", command)
	shell.Dir = f.dir
	shell.Env = append(os.Environ(), "PATH="+filepath.Dir(set[binaries.Helm])+":"+os.Getenv("PATH"))
	if output, err := shell.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot render the policies: %w: %s", err, output)
	}
	return f.install("backstop.yaml", f.policies())
}

// command returns the command of the page that renders the policies.
func (f *Files) command() (string, error) {
	page, err := os.ReadFile(filepath.Join(f.root, "docs", "backstop.md"))
	if err != nil {
		return "", fmt.Errorf("cannot read the page: %w", err)
	}
	_, rest, found := strings.Cut(string(page), "helm template ")
	command, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		return "", errors.New("docs/backstop.md does not say how to render the policies")
	}
	return "helm template " + command, nil
}

// WriteWebhooks moves the documented configuration of the webhooks to the API server, with another address and the
// authority of the webhook's certificate.
func (f *Files) WriteWebhooks(address string, authority []byte) error {
	text, err := os.ReadFile(filepath.Join(f.root, "config", "samples", "admission-webhooks.yaml"))
	if err != nil {
		return fmt.Errorf("cannot read the documented webhooks: %w", err)
	}
	text = bytes.ReplaceAll(text, []byte("https://runai-mpi.runai-system.svc/"), []byte("https://"+address+"/"))
	text = bytes.ReplaceAll(text, []byte(`caBundle: ""`), []byte("caBundle: "+base64.StdEncoding.EncodeToString(authority)))
	if err := os.WriteFile(filepath.Join(f.dir, "webhooks.yaml"), text, 0o600); err != nil {
		return fmt.Errorf("cannot write the webhooks: %w", err)
	}
	return f.install("webhooks.yaml", f.webhooks())
}

// install moves a file, because an API server must not read half of it.
func (f *Files) install(name, folder string) error {
	if err := os.Rename(filepath.Join(f.dir, name), filepath.Join(folder, name)); err != nil {
		return fmt.Errorf("cannot give %s to the API server: %w", name, err)
	}
	return nil
}
