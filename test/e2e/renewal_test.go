package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/certmanager"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// serverName is the name of the webhook in its certificate.
const serverName = chart.Release + "." + chart.Namespace + ".svc"

// renewals renew certificates. If the CA's Secret is deleted, its key is lost, and no creation fails because cert-manager
// adds the new CA to the old one.
func renewals() []fault {
	return []fault{
		{name: "the certificate is renewed", happens: func(t *testing.T) func(*testing.T) {
			rotate(t, leafSecret, false)
			return nil
		}},
		{name: "the CA is renewed, and then the certificate", happens: func(t *testing.T) func(*testing.T) {
			before := served(t)
			rotate(t, authoritySecret, false)
			rotate(t, leafSecret, false)
			verifies(t, issued(t, authoritySecret), append(before, served(t)...)) // cert-managers before 1.19 replace the old CA
			return nil
		}},
		{name: "the CA gets another key, and then the certificate is renewed", happens: func(t *testing.T) func(*testing.T) {
			rotate(t, authoritySecret, true)
			rotate(t, leafSecret, false)
			return nil
		}},
	}
}

// rotate renews the certificate in a Secret, and waits until everybody uses it.
func rotate(t *testing.T, secret string, deleted bool) {
	t.Helper()
	renew(t, secret, deleted)
	// cert-manager may issue another one soon: it is asked again before it has tidied up.
	suite.Eventually(t, "the API server trusts the CA", suite.Soon, func() error { return isTrusted(t, issued(t, authoritySecret)) })
	suite.Eventually(t, "the replicas serve the certificate", 2*time.Minute, func() error { return isServed(t, issued(t, leafSecret)) })
}

// The Secrets, which have the names of their Certificates.
const (
	leafSecret      = chart.Release + "-tls"
	authoritySecret = chart.Release + "-ca"
)

// renew waits until cert-manager has issued another certificate into a Secret, which may be deleted first.
func renew(t *testing.T, secret string, deleted bool) {
	t.Helper()
	before := issued(t, secret)
	if deleted {
		suite.Kubectl(t, product.User, "", "delete", "secret", secret, "--namespace", chart.Namespace)
	} else if err := certmanager.Renew(t.Context(), product.Config, chart.Namespace, secret); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, secret+" is renewed", suite.Soon, func() error {
		stored := &corev1.Secret{}
		if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: secret}, stored); err != nil {
			return err
		}
		if stored.Data[corev1.TLSCertKey] == nil || certificates(t, stored.Data[corev1.TLSCertKey])[0].Equal(before) {
			return errors.New("the certificate has not changed")
		}
		return nil
	})
}

// isTrusted returns an error unless a CA is among those of each webhook.
func isTrusted(t *testing.T, authority *x509.Certificate) error {
	t.Helper()
	for _, bundle := range bundles(t) {
		if !slices.ContainsFunc(bundle, authority.Equal) {
			return errors.New("a webhook configuration does not have it")
		}
	}
	return nil
}

// isServed returns an error unless each replica serves a certificate, and the API server can verify it.
func isServed(t *testing.T, leaf *x509.Certificate) error {
	t.Helper()
	for _, certificate := range served(t) {
		if !certificate.Equal(leaf) {
			return fmt.Errorf("a replica still serves the certificate number %d", certificate.SerialNumber)
		}
	}
	for _, bundle := range bundles(t) {
		if err := verify(leaf, bundle); err != nil {
			return err
		}
	}
	return nil
}

// verifies asserts that a CA verifies certificates, alone.
func verifies(t *testing.T, authority *x509.Certificate, leaves []*x509.Certificate) {
	t.Helper()
	for _, leaf := range leaves {
		if err := verify(leaf, []*x509.Certificate{authority}); err != nil {
			t.Errorf("the certificate number %d: %s", leaf.SerialNumber, err)
		}
	}
}

func verify(leaf *x509.Certificate, bundle []*x509.Certificate) error {
	pool := x509.NewCertPool()
	for _, authority := range bundle {
		pool.AddCert(authority)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: serverName})
	return err
}

// bundles returns the CAs of each webhook in both configurations.
func bundles(t *testing.T) [][]*x509.Certificate {
	t.Helper()
	name := client.ObjectKey{Name: "admission-" + chart.Release}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := errors.Join(product.Client.Get(t.Context(), name, mutating), product.Client.Get(t.Context(), name, validating)); err != nil {
		t.Fatal(err)
	}
	var all [][]*x509.Certificate
	for _, hook := range mutating.Webhooks {
		all = append(all, certificates(t, hook.ClientConfig.CABundle))
	}
	for _, hook := range validating.Webhooks {
		all = append(all, certificates(t, hook.ClientConfig.CABundle))
	}
	return all
}

// issued returns the certificate in a Secret.
func issued(t *testing.T, secret string) *x509.Certificate {
	t.Helper()
	stored := &corev1.Secret{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: secret}, stored); err != nil {
		t.Fatal(err)
	}
	return certificates(t, stored.Data[corev1.TLSCertKey])[0]
}

func certificates(t *testing.T, text []byte) []*x509.Certificate {
	t.Helper()
	var all []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, certificate)
	}
	if len(all) == 0 {
		t.Fatal("the Secret has no certificate")
	}
	return all
}

// served returns the certificate that each replica serves.
func served(t *testing.T) []*x509.Certificate {
	t.Helper()
	var all []*x509.Certificate
	for _, pod := range replicas(t) {
		ctx, cancel := context.WithTimeout(t.Context(), suite.Soon)
		defer cancel()
		dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: serverName}} //nolint:gosec // to see what it is
		connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(pod.Status.PodIP, "9443"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, connection.(*tls.Conn).ConnectionState().PeerCertificates[0])
		if err := connection.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
