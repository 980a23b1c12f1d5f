package bench

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

const researchers = 4

var clientsOfResearchers []rest.Interface

// addResearchers gives a few people an identity, unless they have one, and returns their clients. The API server
// authenticates them by their tokens, and their requests are not slowed down.
func addResearchers(t *testing.T) []rest.Interface {
	t.Helper()
	for n := len(clientsOfResearchers); n < researchers; n++ {
		name := fmt.Sprintf("researcher-%d", n)
		product.Create(t, &v1alpha1.PosixIdentity{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PosixIdentitySpec{
			Subject: researcher(n), UID: int64(2_000_000 + n), GID: 54000, UserName: fmt.Sprintf("r%d", n), Home: "/home/" + name,
		}})
		token, err := broker.Token(map[string]any{"preferred_username": name, "sub": name})
		if err != nil {
			t.Fatal(err)
		}
		user, err := product.WithToken(token)
		if err != nil {
			t.Fatal(err)
		}
		user.Config.QPS = -1
		user.Config.WarningHandler = rest.NoWarnings{}
		set, err := kubernetes.NewForConfig(user.Config)
		if err != nil {
			t.Fatal(err)
		}
		clientsOfResearchers = append(clientsOfResearchers, set.CoreV1().RESTClient())
	}
	return clientsOfResearchers
}

func researcher(n int) string { return fmt.Sprintf("saml:researcher-%d", n) }
