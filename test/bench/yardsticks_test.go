package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// startYardstick starts a process of its own, and lets the API server call it.
func (c *contender) startYardstick(t *testing.T, program, patch, address string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"-handler", c.handler, "-host", host, "-port", port, "-cert-dir", product.WebhookCertificates(), fmt.Sprintf("-close=%t", c.closes),
	}
	if c.copies {
		args = append(args, "-patch", patch)
	}
	started, err := product.StartProcess(t.Context(), process.Command{
		Name: "yardstickd-" + c.name, Path: program, Args: args,
		Ready: func(ctx context.Context) error { return shakesHands(ctx, address) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: c.name}}
	mutating.Webhooks = []admissionregistrationv1.MutatingWebhook{{
		Name: c.webhook(), ClientConfig: c.client(address, "/mutate"), Rules: creations(), NamespaceSelector: c.selector(),
		SideEffects: new(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
	}}
	configurations := []client.Object{mutating}
	if c.validates {
		validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: c.name}}
		validating.Webhooks = []admissionregistrationv1.ValidatingWebhook{{
			Name: c.webhook(), ClientConfig: c.client(address, "/validate"), Rules: creations(), NamespaceSelector: c.selector(),
			SideEffects: new(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
		}}
		configurations = append(configurations, validating)
	}
	product.Create(t, configurations...)
	t.Cleanup(func() {
		for _, configuration := range configurations {
			if err := product.Client.Delete(context.WithoutCancel(t.Context()), configuration); err != nil {
				t.Error(err)
			}
		}
		if err := started.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func shakesHands(ctx context.Context, address string) error {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // only asks whether it serves
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}

func freeAddress(t *testing.T, host string) string {
	t.Helper()
	address, err := process.FreeAddressOf(host)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// buildYardstick builds the program that serves the handlers.
func buildYardstick(t *testing.T) string {
	t.Helper()
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "yardstickd")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./test/yardstick/yardstickd")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	return program
}
