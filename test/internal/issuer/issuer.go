// Package issuer runs an OpenID Connect issuer on loopback, with what an API server needs: discovery and keys.
// It signs tokens with any claims.
package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// An Issuer signs tokens with one key.
type Issuer struct {
	// URL is the issuer's name and address.
	URL string
	// Authority is the PEM certificate that the issuer serves with, for clients to trust.
	Authority string
	// Audience is the default audience of its tokens.
	Audience string

	key jose.JSONWebKey
}

// Start starts an issuer, which ends with the program.
func Start(audience string) (*Issuer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make the issuer's key: %w", err)
	}
	key := jose.JSONWebKey{Key: private, KeyID: "1", Algorithm: string(jose.ES256), Use: "sig"}
	return serve(&Issuer{Audience: audience, key: key}), nil
}

// Twin starts another issuer with the same keys, as brokers do that have one set of keys for all realms.
func (i *Issuer) Twin() *Issuer { return serve(&Issuer{Audience: i.Audience, key: i.key}) }

func serve(i *Issuer) *Issuer {
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", i.configuration)
	mux.HandleFunc("/keys", i.keys)
	server := httptest.NewTLSServer(mux)
	i.URL = server.URL
	i.Authority = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return i
}

// Token signs the claims. Default: for the issuer's audience, and valid for an hour.
func (i *Issuer) Token(claims map[string]any) (string, error) { return i.sign(i.key, claims) }

// PublicKey returns the issuer's public key as PEM.
func (i *Issuer) PublicKey() []byte {
	der, err := x509.MarshalPKIXPublicKey(i.key.Public().Key)
	if err != nil {
		panic(err) // a key of Start
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// Forge signs the claims in the issuer's name with another key.
func (i *Issuer) Forge(claims map[string]any) (string, error) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("cannot make another key: %w", err)
	}
	return i.sign(jose.JSONWebKey{Key: other, KeyID: i.key.KeyID}, claims)
}

func (i *Issuer) sign(key jose.JSONWebKey, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		return "", fmt.Errorf("cannot sign a token: %w", err)
	}
	return jwt.Signed(signer).Claims(i.complete(claims)).Serialize()
}

func (i *Issuer) complete(claims map[string]any) map[string]any {
	now := time.Now()
	all := map[string]any{
		"iss": i.URL, "aud": i.Audience, "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(all, claims)
	return all
}

func (i *Issuer) configuration(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
		"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}})
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // fails only if the client is gone
}
