package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/pages"

	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Without cert-manager, the commands of the page install the product with a certificate of openssl, and renew it
// without an interruption.
func TestWithoutCertManager(t *testing.T) {
	lab.Require(t)
	if certManagerRuns {
		t.Fatal("cert-manager is installed: this test must be the first")
	}
	deployOperator(t)
	before := takeInventory(t)
	admin := newShell(t)
	if err := product.Release.PushImage(t.Context(), olderTag); err != nil {
		t.Fatal(err)
	}
	pasteAll(t, admin, "install.md", "4. Write your values")
	install, renew := pages.Commands(t, "install.md", "Without cert-manager")[0], pages.Commands(t, "install.md", "Without cert-manager")[1]
	admin.paste(t, install)
	admin.run(t, "helm test runai-mpi --namespace runai-system\nkubectl create namespace elsewhere\n")
	tr := startTraffic(t, projectNamespace, elsewhere)
	tr.untilJudged(t)
	old := map[string]string{}
	for _, pod := range replicas(t) {
		serial, err := servedSerial(t.Context(), pod.Status.PodIP)
		if err != nil {
			t.Fatal(err)
		}
		old[pod.Name] = serial
	}
	tr.alwaysJudged(t, "new certificate of openssl", func() {
		admin.paste(t, renew)
		suite.Eventually(t, "all replicas serve the new certificate", 3*time.Minute, func() error {
			for _, pod := range replicas(t) {
				serial, err := servedSerial(t.Context(), pod.Status.PodIP)
				if err != nil {
					return err
				}
				if old[pod.Name] == "" {
					return errors.New("a replica was replaced")
				}
				if serial == old[pod.Name] {
					return errors.New(pod.Name + " serves the old certificate")
				}
			}
			return nil
		})
	})
	tr.stop()
	pasteAll(t, admin, "uninstall.md", "Uninstall")
	pasteAll(t, admin, "uninstall.md", "Remove the rest")
	admin.run(t, "kubectl delete namespace elsewhere\n")
	nothingIsLeft(t, before)
}

// servedSerial returns the serial number of the certificate that a replica serves.
func servedSerial(ctx context.Context, address string) (string, error) {
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // it only reads the certificate
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address, "9443"))
	if err != nil {
		return "", err
	}
	serial := connection.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
	return serial, connection.Close()
}
