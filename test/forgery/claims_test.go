package forgery

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The documented configuration maps these claims to these attributes.
func TestDocumentedAuthentication(t *testing.T) {
	for name, test := range map[string]struct {
		claims map[string]any
		want   map[string]authenticationv1.ExtraValue
	}{
		"numbers": {alices, map[string]authenticationv1.ExtraValue{
			"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60002", "60001"}}},
		"texts":   {bobs, map[string]authenticationv1.ExtraValue{"run.ai/uid": {"1001"}, "run.ai/gid": {"1001"}}},
		"nothing": {map[string]any{"preferred_username": "carol", "sub": "c-3"}, map[string]authenticationv1.ExtraValue{}},
	} {
		t.Run(name, func(t *testing.T) {
			user, err := whoami(t.Context(), login(t, broker, test.claims))
			if err != nil {
				t.Fatal(err)
			}
			test.want["run.ai/source"] = authenticationv1.ExtraValue{"keycloak-hpc"}
			maps.DeleteFunc(user.Extra, func(key string, _ authenticationv1.ExtraValue) bool { return !strings.HasPrefix(key, "run.ai/") })
			if diff := cmp.Diff(test.want, user.Extra); diff != "" || user.UID != test.claims["sub"] {
				t.Errorf("uid %s (-want +got):\n%s", user.UID, diff)
			}
		})
	}
}

// A token authenticates nobody unless the issuer signed it for this cluster and it is valid now.
func TestT19TokensOfNobody(t *testing.T) {
	past := time.Now().Add(-time.Hour).Unix()
	sign := func(sign func(map[string]any) (string, error), changes map[string]any) string {
		token, err := sign(with(alices, changes))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for name, token := range map[string]string{
		"another audience": sign(broker.Token, map[string]any{"aud": "another"}),
		"another issuer":   sign(broker.Token, map[string]any{"iss": "https://elsewhere.example.org"}),
		"another's key":    sign(broker.Forge, nil),
		"a twin's":         sign(broker.Twin().Token, nil),
		"the twin's keys":  sign(twin.Token, map[string]any{"iss": "https://elsewhere.example.org"}),
		"another issuer's": sign(stranger.Token, map[string]any{"iss": broker.URL}),
		"expired":          sign(broker.Token, map[string]any{"iat": past - 60, "exp": past}),
		"not yet valid":    sign(broker.Token, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"without an end":   sign(broker.Token, map[string]any{"exp": nil}),
		"too long":         sign(broker.Token, map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}),
		"the public key":   symmetric(t, map[string]any{"iss": broker.URL, "aud": "k8s-hpc", "exp": time.Now().Add(time.Hour).Unix()}),
		"two uids":         sign(broker.Token, map[string]any{"posix_uid": []string{"1001", "1002"}}),
		"a uid in a map":   sign(broker.Token, map[string]any{"posix_uid": map[string]any{"value": 1001}}),
		"not signed":       unsigned(t, sign(broker.Token, nil)),
	} {
		if _, err := whoami(t.Context(), bearer(t, token)); !apierrors.IsUnauthorized(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// symmetric returns a token that is signed with the public key of the issuer, as if it were a secret.
func symmetric(t *testing.T, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: broker.PublicKey()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(with(alices, claims)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// unsigned returns the token with the algorithm none and without a signature.
func unsigned(t *testing.T, token string) string {
	t.Helper()
	header, err := json.Marshal(map[string]string{"alg": "none", "kid": "1"})
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(header) + "." + strings.Split(token, ".")[1] + "."
}

// The API server trusts another issuer, but the cluster policy does not list it.
func TestT20AnotherIssuer(t *testing.T) {
	namespace := product.AddProject(t, "t20", required)
	claims := map[string]any{"preferred_username": "alice", "uid": "1234567", "gid": "54000"}
	for source, from := range map[string]*issuer.Issuer{"stranger": stranger, "twin": twin} {
		isRefused(t, source, login(t, from, claims).Create(t.Context(), mpijobtest.MakeMPIJob("strange", namespace).Obj()),
			`claim run.ai/source is "`+source+`", which is not trusted`)
	}
	trusted := suite.Create(t, login(t, careless, claims), mpijobtest.MakeMPIJob("trusted", namespace).Obj())
	runsAs(t, trusted, "careless:alice", 1234567, 54000)
}

// A broken claim is refused by its name: the webhook does not try to fix it.
func TestT21BrokenClaims(t *testing.T) {
	namespace := product.AddProject(t, "t21", required)
	for name, test := range map[string]struct {
		changes map[string]any
		reason  string
	}{
		"exponent":        {map[string]any{"uid": "1e+06"}, `claim run.ai/uid is "1e+06", expected a decimal number`},
		"two values":      {map[string]any{"uid": []string{"1001", "1002"}}, "claim run.ai/uid has 2 values"},
		"zero":            {map[string]any{"uid": "0"}, `claim run.ai/uid is "0", expected a decimal number above 0`},
		"negative":        {map[string]any{"uid": "-1"}, `claim run.ai/uid is "-1", expected a decimal number`},
		"hexadecimal":     {map[string]any{"uid": "0x3e9"}, `claim run.ai/uid is "0x3e9", expected a decimal number`},
		"beyond int32":    {map[string]any{"uid": "4294967295"}, "claim run.ai/uid is 4294967295, expected at most 2147483647"},
		"Arabic digits":   {map[string]any{"uid": "١٠٠١"}, `claim run.ai/uid is "١٠٠١", expected a decimal number`},
		"a missing gid":   {map[string]any{"gid": ""}, "claim run.ai/gid has 0 values"},
		"a missing uid":   {map[string]any{"uid": ""}, "claim run.ai/uid has 0 values"},
		"a system's user": {map[string]any{"uid": "33"}, "claim run.ai/uid is 33, which is below the minimum"},
		"a broken group": {map[string]any{"supplementary": []string{"60001", "wheel"}},
			`claim run.ai/supplementary-groups is "wheel", expected a decimal number`},
		"root's group": {map[string]any{"supplementary": []string{"60001", "0"}},
			`claim run.ai/supplementary-groups is "0", expected a decimal number`},
	} {
		claims := with(map[string]any{"preferred_username": "alice", "uid": "1001", "gid": "1001"}, test.changes)
		err := login(t, careless, claims).Create(t.Context(), mpijobtest.MakeMPIJob("broken", namespace).Obj())
		isRefused(t, name, err, test.reason)
	}
}

// A large uid that is a number in the token reaches the pods unchanged.
func TestT21LargeNumber(t *testing.T) {
	namespace := product.AddProject(t, "large", required)
	job := suite.Create(t, login(t, broker, with(alices, map[string]any{"posix_uid": 1000001})),
		mpijobtest.MakeMPIJob("large", namespace).Obj())
	runsAs(t, job, "saml:alice", 1000001, 54000)
	suite.Eventually(t, "the launcher and the worker exist", suite.Soon, func() error { return product.HasPods(t, namespace, 2) })
	for _, pod := range product.Pods(t, namespace) {
		if uid := pod.Spec.SecurityContext.RunAsUser; uid == nil || *uid != 1000001 {
			t.Errorf("%s has %+v", pod.Name, pod.Spec.SecurityContext)
		}
	}
}
