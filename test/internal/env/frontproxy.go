package env

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// frontProxy is who the API server is to the API servers that extend it. They trust what it says about a user.
const frontProxy = "front-proxy"

// setFrontProxyFlags lets the API server forward requests to API servers that extend it, as in every real cluster.
func (e *Env) setFrontProxyFlags(server *envtest.APIServer) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("cannot make the key of the front proxy: %w", err)
	}
	// The certificate of an authority is also that of its only client.
	certificate, err := cert.NewSelfSignedCACert(cert.Config{CommonName: frontProxy}, key)
	if err != nil {
		return fmt.Errorf("cannot make the certificate of the front proxy: %w", err)
	}
	encoded, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return fmt.Errorf("cannot write the key of the front proxy: %w", err)
	}
	certFile, keyFile := e.path(frontProxy+".crt"), e.path(frontProxy+".key")
	chain, err := cert.EncodeCertificates(certificate)
	if err != nil {
		return fmt.Errorf("cannot write the certificate of the front proxy: %w", err)
	}
	for path, content := range map[string][]byte{certFile: chain, keyFile: encoded} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("cannot configure the API server: %w", err)
		}
	}
	server.Configure().
		Set("requestheader-client-ca-file", certFile).
		Set("requestheader-allowed-names", frontProxy).
		Set("requestheader-username-headers", "X-Remote-User").
		Set("requestheader-group-headers", "X-Remote-Group").
		Set("requestheader-extra-headers-prefix", "X-Remote-Extra-").
		Set("proxy-client-cert-file", certFile).
		Set("proxy-client-key-file", keyFile)
	return nil
}
