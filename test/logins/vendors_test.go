package logins

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Tokens as each vendor makes them become what the webhook reads.
func TestVendors(t *testing.T) {
	for _, vendor := range vendors {
		for name, login := range vendor.logins {
			if diff := cmp.Diff(login.want, authenticated(t, vendor, login.claims)); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", vendor.sample, name, diff)
			}
		}
	}
}

// The configurations work in the same way in the API version of Kubernetes before 1.34.
func TestOlderVersion(t *testing.T) {
	current, err := allVendors()
	if err != nil {
		t.Fatal(err)
	}
	older := strings.Replace(current, "config.k8s.io/v1\n", "config.k8s.io/v1beta1\n", 1)
	if err := cluster.SetAuthentication(t.Context(), older); err != nil || older == current {
		t.Fatal(err)
	}
	TestVendors(t)
}

// An API server would refuse a sample with a mistake.
func TestMistake(t *testing.T) {
	current, err := allVendors()
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace(current, "dyn(claims.posix_groups)", "claims.posix_groups", 1)
	const reason = "expression of type 'any' cannot be range of a comprehension"
	if err := cluster.SetAuthentication(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("got %v, want %s", err, reason)
	}
}

// authenticated returns who the API server says the bearer of a token is: nobody if the token is refused.
func authenticated(t *testing.T, vendor *vendor, claims map[string]any) authenticationv1.UserInfo {
	t.Helper()
	info, err := vendor.user(t.Context(), claims)
	if err != nil && !apierrors.IsUnauthorized(err) {
		t.Fatal(err)
	}
	return info
}

// user returns who the API server says the bearer of a token is, without what it adds to every user.
func (v *vendor) user(ctx context.Context, claims map[string]any) (authenticationv1.UserInfo, error) {
	var nobody authenticationv1.UserInfo
	token, err := v.issuer.Token(claims)
	if err != nil {
		return nobody, err
	}
	user, err := cluster.WithToken(token)
	if err != nil {
		return nobody, err
	}
	client, err := kubernetes.NewForConfig(user.Config)
	if err != nil {
		return nobody, err
	}
	reviews, asked := client.AuthenticationV1().SelfSubjectReviews(), &authenticationv1.SelfSubjectReview{}
	review, err := reviews.Create(ctx, asked, metav1.CreateOptions{})
	if err != nil {
		return nobody, err
	}
	info := review.Status.UserInfo
	info.Groups = without(info.Groups, "system:authenticated")
	delete(info.Extra, "authentication.kubernetes.io/credential-id")
	return info, nil
}

func without(all []string, one string) []string {
	var others []string
	for _, each := range all {
		if each != one {
			others = append(others, each)
		}
	}
	return others
}
