package doctor

import (
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// A backstopPolicy is an admission policy of the chart.
type backstopPolicy struct {
	// what is the end of its name.
	what string
	// requests are those that it must see.
	requests []request
}

// is reports whether a policy is this one of the chart.
func (p backstopPolicy) is(policy *admissionregistrationv1.ValidatingAdmissionPolicy) bool {
	return policy.Labels["app.kubernetes.io/name"] == "runai-mpi" && strings.HasSuffix(policy.Name, "-"+p.what)
}

const (
	creation = admissionregistrationv1.Create
	update   = admissionregistrationv1.Update
	removal  = admissionregistrationv1.Delete
)

// requestsFor returns a request for each operation and resource of a group.
func requestsFor(group, version string, resources []string, operations ...admissionregistrationv1.OperationType) []request {
	var all []request
	for _, resource := range resources {
		for _, operation := range operations {
			all = append(all, request{operation, group, version, resource})
		}
	}
	return all
}

var (
	templates = slices.Concat(
		requestsFor("", "v1", []string{"pods"}, creation),
		requestsFor("", "v1", []string{"replicationcontrollers"}, creation, update),
		requestsFor("apps", "v1", []string{"daemonsets", "deployments", "replicasets", "statefulsets"}, creation, update),
		requestsFor("batch", "v1", []string{"cronjobs", "jobs"}, creation, update),
		requestsFor("jobset.x-k8s.io", "v1alpha2", []string{"jobsets"}, creation, update),
	)
	proxies = backstopPolicy{"backstop-proxies", requestsFor("", "v1", []string{"services/proxy"}, admissionregistrationv1.Connect)}
	// judgingPods are those without which somebody could run a pod as another user.
	judgingPods = []backstopPolicy{
		{"backstop-changes", slices.Concat(
			requestsFor("", "v1", []string{"pods", "pods/ephemeralcontainers", "pods/resize", "pods/status"}, update),
			requestsFor("", "v1", []string{"bindings", "pods/binding"}, creation),
			requestsFor("apps", "v1", []string{"controllerrevisions"}, creation, update))},
		{"backstop-confinement", templates},
		{"backstop-ids", templates},
		{"backstop-mpijob-pods", requestsFor("", "v1", []string{"pods"}, creation)},
		{"backstop-owned", slices.Concat(
			requestsFor("", "v1", []string{"pods"}, creation),
			requestsFor("", "v1", []string{"configmaps", "secrets", "services"}, creation, update),
			requestsFor("batch", "v1", []string{"jobs"}, creation, update),
			requestsFor("batch", "v1", []string{"jobs/status"}, update))},
		{"backstop-reach", templates},
	}
	backstopPolicies = append([]backstopPolicy{
		proxies,
		{"backstop-namespaces", slices.Concat(
			requestsFor("", "v1", []string{"namespaces"}, creation, update),
			requestsFor("", "v1", []string{"namespaces/finalize", "namespaces/status"}, update))},
		{"backstop-orphans", slices.Concat(
			requestsFor(v2beta1.GroupName, "v2beta1", []string{"mpijobs"}, creation, update, removal),
			requestsFor("batch", "v1", []string{"jobs"}, creation, update, removal))},
		{"backstop-secrets", requestsFor("", "v1", []string{"secrets"}, creation, update)},
	}, judgingPods...)
	// versions is not of the backstop: the webhook judges one version of the API only.
	versions = backstopPolicy{"versions", requestsFor(v2beta1.GroupName, "v2beta1", []string{"mpijobs"}, creation, update)}
)

// PolicyNames returns the ends of the names of the chart's admission policies.
func PolicyNames() []string {
	names := []string{versions.what}
	for _, policy := range backstopPolicies {
		names = append(names, policy.what)
	}
	return names
}
