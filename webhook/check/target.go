package check

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// longestWarning is how long before the end of a certificate's life the longest warning is given. cert-manager renews a
// certificate when a third of its life is left.
const longestWarning = 30 * 24 * time.Hour

// A target is where the API server calls a webhook.
type target struct {
	name      string // for people
	host      string // the name in the certificate
	address   string // host:port
	path      string
	authority []byte // the CA bundle, in PEM
}

func (t target) equals(other target) bool {
	return t.name == other.name && bytes.Equal(t.authority, other.authority)
}

// check calls the webhook as the API server does, or at another address.
func (t target) check(ctx context.Context, address string) Result {
	result := Result{Subject: t.name}
	if address == "" {
		address = t.address
	} else {
		result.Subject += " at " + address
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(t.authority) {
		result.Problem = "the caBundle has no valid certificate: remove it, so that cert-manager writes it again, or correct it in the chart's values"
		return result
	}
	state, err := t.call(ctx, address, &tls.Config{RootCAs: roots, ServerName: t.host, MinVersion: tls.VersionTLS12})
	if err != nil {
		result.Problem, result.Unreached = explain(err, address)
		return result
	}
	result.Warning = endsSoon(state.VerifiedChains, time.Now())
	return result
}

// call sends what is not an AdmissionReview, and returns the connection over which the webhook has said so. Older ones
// answer it with an empty AdmissionReview.
func (t target) call(ctx context.Context, address string, config *tls.Config) (*tls.ConnectionState, error) {
	transport := &http.Transport{
		TLSClientConfig: config, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+t.path, strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	answered := response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusOK
	if !answered || !bytes.Contains(body, []byte("AdmissionReview")) {
		return nil, fmt.Errorf("HTTP status %s: %w", response.Status, errOther)
	}
	return response.TLS, nil
}

var errOther = errors.New("this is not the webhook")

// Endpoint calls a webhook as the API server does, or at another address.
func Endpoint(ctx context.Context, webhook admissionregistrationv1.WebhookClientConfig, address string) Result {
	return targetOf(webhook).check(ctx, address)
}

// explain says what is wrong with a connection, and what to do, and reports whether nothing answered.
func explain(err error, address string) (problem string, unreached bool) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is not signed by the caBundle, so the API server cannot call it: see whether the Certificate is ready " +
			"and cert-manager's cainjector runs, or give the bundle that belongs to the Secret", false
	case errors.As(err, &host):
		return "its certificate is for another name: " + err.Error() + ": issue it for the name of the Service", false
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + err.Error() + ": see whether cert-manager renews it", false
	case errors.Is(err, errOther):
		return err.Error() + ": see which pods the Service selects", false
	}
	return "cannot reach it at " + address + ": " + err.Error() + ": see whether its pods are ready, and whether a NetworkPolicy lets this pod reach them", true
}

// endsSoon returns a warning if a certificate in every chain ends soon, or "".
func endsSoon(chains [][]*x509.Certificate, now time.Time) string {
	var warning string
	for _, chain := range chains {
		warning = ""
		for _, certificate := range chain {
			life, left := certificate.NotAfter.Sub(certificate.NotBefore), certificate.NotAfter.Sub(now)
			if left < min(life/6, longestWarning) {
				warning = fmt.Sprintf("the certificate of %s ends at %s: see whether cert-manager renews it, or replace it",
					nameOf(certificate), certificate.NotAfter.UTC().Format(time.RFC3339))
			}
		}
		if warning == "" {
			return ""
		}
	}
	return warning
}

func nameOf(certificate *x509.Certificate) string {
	if len(certificate.DNSNames) > 0 {
		return certificate.DNSNames[0]
	}
	return certificate.Subject.String()
}
