package bench

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
	"github.com/runai-mpi/runai-mpi/test/yardstick"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// writePatch writes the patch with which the webhook answers a creation by the first researcher, and returns its path.
func writePatch(t *testing.T, replica *install.Replica, namespace string) string {
	t.Helper()
	elsewhere := latencyJob("default") // which belongs to no project: as the API server sends it to the webhook
	suite.Create(t, client.NewDryRunClient(product.Client), elsewhere)
	elsewhere.Namespace = namespace
	body := yardstick.Creation(elsewhere, authenticationv1.UserInfo{Username: researcher(0)})
	file := filepath.Join(t.TempDir(), "patch.json")
	suite.Eventually(t, "the webhook returns a patch", suite.Soon, func() error {
		answer, err := ask(replica, server.MutatePath, body)
		if err != nil {
			return err
		}
		return os.WriteFile(file, answer.Patch, 0o600)
	})
	return file
}

// ask sends an AdmissionReview to a replica.
func ask(replica *install.Replica, path string, body []byte) (*admissionv1.AdmissionResponse, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(product.WebhookAuthority())
	caller := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	response, err := caller.Post("https://"+replica.Address+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return answerIn(text)
}

// answerIn returns the answer in an AdmissionReview, or an error unless it allows the request.
func answerIn(text []byte) (*admissionv1.AdmissionResponse, error) {
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(text, &answer); err != nil || !answer.Response.Allowed {
		return nil, errors.Join(err, errors.New(string(text)))
	}
	return answer.Response, nil
}
