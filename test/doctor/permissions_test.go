package doctor

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
)

// everywhere and only are where a planted permission holds.
const everywhere = ""

func rule(where, group, resource string, verbs ...string) func(t *testing.T) {
	return func(t *testing.T) { permit(t, where, install.Verbs(group, []string{resource}, verbs...)) }
}

func ruleFor(where, name, group, resource string, verbs ...string) func(t *testing.T) {
	return func(t *testing.T) {
		rule := install.Verbs(group, []string{resource}, verbs...)
		rule.ResourceNames = []string{name}
		permit(t, where, rule)
	}
}

func TestPermissions(t *testing.T) {
	const authentication, admission, own = "authentication.k8s.io", "admissionregistration.k8s.io", "policy.run.ai"
	findEach(t, []defect{
		{"users", "may-impersonate", rule(everywhere, "", "users", "impersonate")},
		{"one user", "may-impersonate", ruleFor(everywhere, "alice", "", "users", "impersonate")},
		{"groups", "may-impersonate", rule(everywhere, "", "groups", "impersonate")},
		{"uids", "may-impersonate", rule(everywhere, authentication, "uids", "impersonate")},
		{"the uid", "may-impersonate", rule(everywhere, authentication, "userextras/run.ai/uid", "impersonate")},
		{"the source", "may-impersonate", rule(everywhere, authentication, "userextras/run.ai/source", "*")},
		{"any verb", "may-impersonate", rule(everywhere, "", "users", "*")},
		{"any resource", "may-impersonate", rule(everywhere, "*", "*", "impersonate")},
		{"user info", "may-impersonate", rule(everywhere, authentication, "users", "impersonate:user-info")},
		{"extras as user info", "may-impersonate", rule(everywhere, authentication, "userextras/run.ai/gid", "impersonate:user-info")},
		{"to create jobs", "may-impersonate", rule(everywhere, "kubeflow.org", "mpijobs", "impersonate-on:user-info:create")},
		{"to enter pods", "may-impersonate", rule(namespace, "", "pods/exec", "impersonate-on:user-info:create")},
		{"nodes", "may-impersonate", rule(everywhere, authentication, "nodes", "impersonate:arbitrary-node")},
		{"service accounts", "may-impersonate", rule("kube-system", "", "serviceaccounts", "impersonate")},
		{"constrained service accounts", "may-impersonate", rule("runai-system", authentication, "serviceaccounts",
			"impersonate:serviceaccount")},

		{"a token", "may-take-service-accounts", rule("kube-system", "", "serviceaccounts/token", "create")},
		{"a pod", "may-take-service-accounts", rule("kube-system", "", "pods", "create")},
		{"a Deployment", "may-take-service-accounts", rule("runai-system", "apps", "deployments", "patch")},
		{"a session", "may-take-service-accounts", rule("kube-system", "", "pods/exec", "get")},
		{"a Secret", "may-take-service-accounts", rule("kube-system", "", "secrets", "list")},
		{"with an identity", "may-take-service-accounts", func(t *testing.T) {
			product.AddNamespace(t, "ci", nil)
			robot := identity("robot", "system:serviceaccount:ci:robot", 1002)
			robot.Spec.Namespaces = []string{namespace}
			plant(t, robot)
			permit(t, "ci", install.Verbs("batch", []string{"cronjobs"}, "create"))
		}},

		{"PosixIdentities", "may-change-identities", rule(everywhere, own, "posixidentities", "patch")},
		{"one PosixIdentity", "may-change-identities", ruleFor(everywhere, "alice", own, "posixidentities", "delete")},
		{"the chart's role", "may-change-identities", func(t *testing.T) {
			plant(t, &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "planted"},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-identity-admin"},
				Subjects:   []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "system:authenticated"}},
			})
		}},
		{"a signer", "may-approve-certificates", ruleFor(everywhere, "kubernetes.io/kube-apiserver-client", "certificates.k8s.io",
			"signers", "approve")},
		{"all signers of Kubernetes", "may-approve-certificates", ruleFor(everywhere, "kubernetes.io/*", "certificates.k8s.io",
			"signers", "approve")},

		{"namespaces", "may-change-namespaces", rule(everywhere, "", "namespaces", "patch")},
		{"a namespace, in itself", "may-change-namespaces", rule(namespace, "", "namespaces", "update")},
		{"a namespace, by its status", "may-change-namespaces", ruleFor(everywhere, namespace, "", "namespaces/status", "update")},
		{"a namespace, by finalize", "may-change-namespaces", rule(everywhere, "", "*/finalize", "update")},
		{"new namespaces", "may-change-namespaces", rule(everywhere, "", "namespaces", "create")},
		{"Projects", "may-change-projects", rule(everywhere, own, "projects", "delete")},
		{"mutating webhooks", "may-change-webhooks", rule(everywhere, admission, "mutatingwebhookconfigurations", "create")},
		{"our webhook", "may-change-webhooks", ruleFor(everywhere, "admission-runai-mpi", admission,
			"validatingwebhookconfigurations", "delete")},
		{"policies", "may-change-policies", rule(everywhere, admission, "validatingadmissionpolicies", "update")},
		{"bindings", "may-change-policies", rule(everywhere, admission, "validatingadmissionpolicybindings", "deletecollection")},
		{"mutating policies", "may-change-policies", rule(everywhere, admission, "mutatingadmissionpolicies", "create")},
		{"CRDs", "may-change-apis", rule(everywhere, "apiextensions.k8s.io", "customresourcedefinitions", "update")},
		{"API servers", "may-change-apis", rule(everywhere, "apiregistration.k8s.io", "apiservices", "create")},
		{"escalate", "may-escalate", rule(everywhere, "rbac.authorization.k8s.io", "clusterroles", "escalate")},
		{"bind in a namespace", "may-escalate", rule(namespace, "rbac.authorization.k8s.io", "roles", "bind")},

		{"the kubelet", "may-use-nodes", rule(everywhere, "", "nodes/proxy", "get")},
		{"Secrets", "may-read-secrets", rule(namespace, "", "secrets", "get")},
		{"replaced Secrets", "may-read-secrets", rule(namespace, "", "secrets", "delete")},
		{"the key of the webhook", "may-be-the-webhook", rule("runai-system", "", "secrets", "watch")},
		{"a certificate", "may-be-the-webhook", rule("runai-system", "cert-manager.io", "certificates", "create")},
		{"volumes", "may-make-volumes", rule(everywhere, "", "persistentvolumes", "create")},
		{"storage classes", "may-make-volumes", rule(everywhere, "storage.k8s.io", "storageclasses", "create")},
		{"a group", "may-do-everything", func(t *testing.T) {
			plant(t, &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "planted"},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
				Subjects:   []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "admins"}},
			})
		}},
	})
}

// What is harmless, or given to somebody trusted, is not found.
func TestHarmlessPermissions(t *testing.T) {
	withProject(t)
	permit(t, everywhere,
		install.Verbs("", []string{"users/x", "namespaces", "nodes"}, "get", "list"),
		install.Verbs("authentication.k8s.io", []string{"userextras/scopes"}, "impersonate"),
		install.Verbs("policy.run.ai", []string{"*"}, "get", "list", "watch"),
		rbacv1.PolicyRule{APIGroups: []string{"policy.run.ai"}, Resources: []string{"projects"}, Verbs: []string{"create"},
			ResourceNames: []string{"x"}},
		rbacv1.PolicyRule{APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"},
			Verbs: []string{"update"}, ResourceNames: []string{"x"}},
		rbacv1.PolicyRule{NonResourceURLs: []string{"*"}, Verbs: []string{"*"}},
	)
	product.AddProject(t, "open", v1alpha1.ProjectSpec{})
	permit(t, "runai-open", install.Verbs("", []string{"pods", "pods/exec", "secrets", "serviceaccounts/token"}, "*"))
	for _, role := range []string{"runai-mpi-researcher", "runai-mpi-session", "runai-mpi-viewer"} {
		plant(t, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "alice"}},
		})
	}
	finds(t)
}
