package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientauthenticationv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/saml"
)

// claims are alice's. No image has an entry for any of the IDs.
var claims = map[string]any{
	"preferred_username": "alice@example.com", "sub": "a-1", "posix_uid": 1234567, "posix_gid": 54000, "posix_groups": []int{60001, 60002},
}

var bobs = map[string]any{"preferred_username": "bob@example.com", "sub": "b-2", "posix_uid": 1001, "posix_gid": 1001}

var carols = map[string]any{"preferred_username": "carol@example.com", "sub": "c-3", "posix_uid": 1002, "posix_gid": 1002}

// alice returns the kubeconfig of a user with a token who has the role of researchers in a namespace.
func alice(t *testing.T, namespace string) (kubeconfig string) {
	t.Helper()
	return login(t, namespace, claims).Kubeconfig()
}

// login returns a user with a token who has the role of researchers in a namespace.
func login(t *testing.T, namespace string, claims map[string]any) *env.User {
	t.Helper()
	token, err := broker.Token(claims)
	if err != nil {
		t.Fatal(err)
	}
	return researcher(t, namespace, fmt.Sprint(claims["preferred_username"]), token)
}

// loginBySAML returns the kubeconfig of a person with an assertion who has the role of researchers in a namespace. As with
// kubelogin, a command of the kubeconfig has the token.
func loginBySAML(t *testing.T, namespace string, person saml.Person) (kubeconfig string) {
	t.Helper()
	token, err := chain.Login(person)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := json.Marshal(clientauthenticationv1.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: clientauthenticationv1.SchemeGroupVersion.String(), Kind: "ExecCredential"},
		Status:   &clientauthenticationv1.ExecCredentialStatus{Token: token},
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(researcher(t, namespace, person.Name, token).Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		*user = api.AuthInfo{Exec: &api.ExecConfig{
			APIVersion: clientauthenticationv1.SchemeGroupVersion.String(), InteractiveMode: api.NeverExecInteractiveMode,
			Command: "printf", Args: []string{"%s", string(credential)},
		}}
	}
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

func researcher(t *testing.T, namespace, name, token string) *env.User {
	t.Helper()
	product.AddResearcher(t, namespace, "saml:"+name)
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return user
}
