package doctor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// randomUsers is how many users have random rules.
const randomUsers = 8

// For random roles, doctor finds exactly the dangerous permissions that the API server grants.
func TestAgreesWithTheAPIServer(t *testing.T) {
	withProject(t)
	random := rand.New(rand.NewPCG(14, 5))
	var all []doctor.Permission
	for _, permissions := range read(t).Dangerous() {
		all = append(all, permissions...)
	}
	slices.SortFunc(all, func(a, b doctor.Permission) int { return strings.Compare(a.String(), b.String()) })
	users := map[string][]rbacv1.PolicyRule{}
	for i := range randomUsers {
		user, rules := fmt.Sprintf("random-%d", i), randomRules(random, all)
		users[user] = rules
		where := []string{everywhere, everywhere, everywhere, namespace, "kube-system", "runai-system"}[random.IntN(6)]
		plantRandom(t, user, where, rules)
	}
	found := map[string][]string{}
	for _, finding := range examine(t).Findings {
		user, _, _ := strings.Cut(strings.TrimPrefix(finding.Subject, "User "), " ")
		for _, permission := range finding.Permissions {
			found[user] = append(found[user], finding.Check+": "+permission)
		}
	}
	granted, both := grantedBy(t, users), 0
	for user := range users {
		slices.Sort(found[user])
		if !slices.Equal(found[user], granted[user]) {
			t.Errorf("%s with %v:\ndoctor finds   %q\nit may do %q", user, users[user], found[user], granted[user])
		}
		both += len(granted[user])
	}
	if both < 30 {
		t.Errorf("only %d permissions were granted", both)
	}
	t.Logf("%d dangerous permissions of %d users", both, randomUsers)
}

// randomRules returns rules near the dangerous permissions.
func randomRules(random *rand.Rand, all []doctor.Permission) []rbacv1.PolicyRule {
	pick := func(likely string, others ...string) string {
		if i := random.IntN(len(others) + 16); i < len(others) {
			return others[i]
		}
		return likely
	}
	var rules []rbacv1.PolicyRule
	for range 4 + random.IntN(12) {
		near, other := all[random.IntN(len(all))], all[random.IntN(len(all))]
		_, sub, _ := strings.Cut(near.Resource, "/")
		rule := rbacv1.PolicyRule{
			Verbs:     []string{pick(near.Verb, "get", "*", other.Verb)},
			APIGroups: []string{pick(near.Group, "*", other.Group)},
			Resources: []string{pick(near.Resource, "*/"+sub, other.Resource, near.Resource+"/*")},
		}
		if random.IntN(3) == 0 {
			rule.Resources = append(rule.Resources, other.Resource)
		}
		if random.IntN(3) == 0 {
			rule.ResourceNames = []string{"some"}
			if len(near.Names) > 0 && random.IntN(2) == 0 {
				rule.ResourceNames = append(rule.ResourceNames, near.Names[0])
			}
		}
		rules = append(rules, rule)
	}
	return rules
}

func plantRandom(t *testing.T, user, where string, rules []rbacv1.PolicyRule) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: user, Namespace: where}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}}
	role := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user}
	plant(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules})
	if where == everywhere {
		plant(t, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects})
		return
	}
	plant(t, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects})
}

// grantedBy asks the API server which dangerous permissions the users have.
func grantedBy(t *testing.T, users map[string][]rbacv1.PolicyRule) map[string][]string {
	t.Helper()
	config := rest.CopyConfig(product.Config)
	config.QPS = -1
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	type question struct{ user, text string }
	dangerous := read(t).Dangerous()
	answers := make(chan question, len(users)*1000)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for user := range users {
		group.Go(func() error {
			asked := map[authorizationv1.ResourceAttributes]bool{}
			for check, permissions := range dangerous {
				for _, permission := range permissions {
					for _, attributes := range requestsOf(permission) {
						allowed, known := asked[attributes]
						if !known {
							review := &authorizationv1.SubjectAccessReview{}
							review.Spec.User, review.Spec.ResourceAttributes = user, &attributes
							review, err := clients.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
							if err != nil {
								return err
							}
							allowed, asked[attributes] = review.Status.Allowed, review.Status.Allowed
						}
						if allowed {
							answers <- question{user, check + ": " + permission.String()}
							break
						}
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	close(answers)
	granted := map[string][]string{}
	for answer := range answers {
		granted[answer.user] = append(granted[answer.user], answer.text)
	}
	for user := range granted {
		slices.Sort(granted[user])
		granted[user] = slices.Compact(granted[user])
	}
	return granted
}

// requestsOf returns requests that need the permission, one of which suffices.
func requestsOf(permission doctor.Permission) []authorizationv1.ResourceAttributes {
	resource, sub, _ := strings.Cut(permission.Resource, "/")
	names := permission.Names
	switch {
	case permission.Verb == "deletecollection", permission.Verb == "create" && sub == "":
		names = []string{""}
	case len(names) == 0:
		names = []string{"some", "other"}
	}
	namespaces := []string{""}
	for name := range permission.Namespaces {
		namespaces = append(namespaces, name)
	}
	if permission.Namespaced {
		namespaces = namespaces[1:]
	}
	var all []authorizationv1.ResourceAttributes
	for _, namespace := range namespaces {
		for _, name := range names {
			all = append(all, authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: permission.Verb, Group: permission.Group, Resource: resource, Subresource: sub, Name: name,
			})
		}
	}
	return all
}
